import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The minified ECharts of the installed package, which the report carries inside itself. */
export function readEchartsSource(): string {
  return readFileSync(createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js'), 'utf8');
}
