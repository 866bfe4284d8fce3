export * from './raw/metrics.ts';
export * from './raw/schema.ts';
export * from './raw/parse.ts';
export * from './summary/schema.ts';
export { defaultAnalysis, summarize } from './summary/summarize.ts';
export { renderTable, type TableOptions } from './table/renderTable.ts';
export { renderReport } from './report/renderReport.ts';
