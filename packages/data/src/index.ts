export { BadRow, DataError, formatRowNumbers } from './errors.ts';
export * from './random.ts';

export type { RawRow } from './reading/row.ts';
export { readRows } from './reading/readRows.ts';

export { each, type EncodedRows, type Indexed, joined, type SizedRow } from './rows/indexed.ts';

export type { Message, PreferenceExample, PromptOrCompletion } from './formats/example.ts';
export { plainText, sideNames } from './formats/example.ts';
export { type Columns, type DataFormat, dataFormatSchema, FORM_NAMES, type FormName } from './formats/config.ts';
export { detectForm, parseRow, type ParsedRow } from './formats/parseRow.ts';
export { readExamples, type ReadRow } from './formats/readExamples.ts';

export type { TextTokenizer } from './encode/tokenizer.ts';
export { type EncodeOptions, encodeSchema } from './encode/config.ts';
export { tokenizePrompt, tokenizeWhole } from './encode/tokenize.ts';
export { checkExample, type EncodedExample, encodeExample } from './encode/encodeExample.ts';

export { type BucketOptions, bucketsSchema } from './batch/config.ts';
export { type Layout, longestView, type RowLengths, rowLengths } from './batch/layout.ts';
export { type Bucket, type BucketPlan, paddingShare, planBuckets } from './batch/buckets.ts';
export { collate, type CollateOptions, FILLER_ROW_NUMBER } from './batch/collate.ts';
export { createSampler, FILLER, type Sampler, type SamplerOptions, type StepRows } from './batch/sampler.ts';
export { batchesOfStep } from './batch/batches.ts';

export * from './report/finding.ts';
export { type FindingGroup, type FindingSummary, LISTED_ROWS } from './report/findingLog.ts';
export { type LengthStatistics, lengthStatistics } from './report/statistics.ts';
export {
  buildReport,
  type DataReport,
  locateRow,
  type ReportBucket,
  type ReportInput,
  type SourceSummary,
} from './report/report.ts';
export { renderReport, type RenderOptions } from './report/render.ts';

export { COMMAND, LETTERS, POLITE_WORDS, SPECIAL_TOKENS, VOCABULARY } from './synthetic/vocabulary.ts';
export { syntheticTokenizer, syntheticTokenizerConfig, syntheticTokenizerJson } from './synthetic/tokenizer.ts';
export { goldReward, judge, type Judgement, POLITE_WORD_PENALTY, proxyReward } from './synthetic/reward.ts';
export { type Split as SyntheticSplit, SPLITS as SYNTHETIC_SPLITS, syntheticPrompts } from './synthetic/prompts.ts';
export {
  syntheticPairs,
  type SyntheticPairsOptions,
  syntheticPretrainingRows,
  type SyntheticRowsOptions,
} from './synthetic/rows.ts';
export { type SyntheticOptions, syntheticSchema } from './synthetic/config.ts';

export { type DataConfig, type DataConfigInput, dataConfigSchema } from './dataset/config.ts';
export { type Dataset, loadDataset, type LoadOptions } from './dataset/loadDataset.ts';
export { checkData } from './dataset/checkData.ts';
export { inspectRow, type InspectedRow, type Seam } from './inspect/inspectRow.ts';
