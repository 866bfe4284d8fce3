import type { EncodedRow } from '@tether/core';
import { type BucketPlan, paddingShare, planBuckets } from '../batch/buckets.ts';
import { DataError } from '../errors.ts';
import { encodeExample } from '../encode/encodeExample.ts';
import type { TextTokenizer } from '../encode/tokenizer.ts';
import type { PreferenceExample } from '../formats/example.ts';
import { buildReport, type DataReport } from '../report/report.ts';
import { refuseBadRows } from './badRows.ts';
import { addFindings, divide, type FindingsByRow, listFindings } from './checkRows.ts';
import type { DataConfig } from './config.ts';
import { contentFingerprint, tokenFingerprint } from './contentHash.ts';
import { type Part, readSources, type SourceRows, syntheticSources } from './sources.ts';

/** Data ready to be batched, and what became of every row. */
export interface Dataset {
  readonly train: readonly EncodedRow[];
  readonly eval: readonly EncodedRow[];
  readonly report: DataReport;
  /** The texts of `train` and `eval`, row for row: for sample prompts and for reading. */
  readonly examples: Readonly<Record<Part, readonly PreferenceExample[]>>;
  /** sha256 over all token ids: what a cache of reference log-probs depends on besides the model. */
  readonly tokenFingerprint: string;
}

export interface LoadOptions {
  /** Relative paths of files start here; default: the working folder. */
  readonly baseFolder?: string;
}

export function instructionsAsMessages(config: DataConfig, tokenizer: TextTokenizer | undefined): boolean {
  return config.prompt_style === 'auto'
    ? tokenizer?.applyChatTemplate !== undefined
    : config.prompt_style === 'messages';
}

/** Rows of the config's sources, split into training and evaluation. */
export async function readConfigured(config: DataConfig, asMessages: boolean, baseFolder: string): Promise<SourceRows> {
  if (config.synthetic !== undefined) return syntheticSources(config.synthetic);
  return readSources({ config, baseFolder, instructionsAsMessages: asMessages });
}

interface EncodedPart {
  readonly rows: EncodedRow[];
  readonly examples: PreferenceExample[];
  readonly beyondLimit: number;
}

function encodePart(
  examples: readonly PreferenceExample[],
  limit: number | undefined,
  tokenizer: TextTokenizer,
  config: DataConfig,
  findings: FindingsByRow,
): EncodedPart {
  const part: EncodedPart = { rows: [], examples: [], beyondLimit: 0 };
  for (const [index, example] of examples.entries()) {
    if (part.rows.length === limit) return { ...part, beyondLimit: examples.length - index };
    const { row, findings: found } = encodeExample(example, tokenizer, config);
    addFindings(findings, example.rowNumber, found);
    if (row === undefined) continue;
    part.rows.push(row);
    part.examples.push(example);
  }
  return part;
}

function countRows(plan: BucketPlan) {
  return plan.buckets.map((bucket, index) => ({
    ...bucket,
    rowCount: plan.bucketOfRow.filter((own) => own === index).length,
  }));
}

/** As `loadDataset`, but data of which nothing is left to train on is no error: its report says so. */
export async function prepareDataset(
  config: DataConfig,
  tokenizer: TextTokenizer,
  options: LoadOptions,
): Promise<Dataset> {
  const source = await readConfigured(config, instructionsAsMessages(config, tokenizer), options.baseFolder ?? '.');
  refuseBadRows(config.on_bad_row, source.sources, source.findings);
  const findings: FindingsByRow = new Map();
  const split = divide(source, config, findings);
  const train = encodePart(split.train, config.max_train_rows, tokenizer, config, findings);
  const held = encodePart(split.eval, config.max_eval_rows, tokenizer, config, findings);
  const allFindings = listFindings(source.findings, findings);
  refuseBadRows(config.on_bad_row, source.sources, allFindings);
  const rows = [...train.rows, ...held.rows];
  const plan = planBuckets(rows, 'compact', config.buckets);
  const report = buildReport({
    sources: source.sources,
    findings: allFindings,
    rowsUsed: { train: train.rows.length, eval: held.rows.length },
    rowsBeyondLimit: train.beyondLimit + held.beyondLimit,
    lengths: rows.map(({ prompt, completions }) => [prompt.length, ...completions.map(({ length }) => length)]),
    unit: 'tokens',
    buckets: countRows(plan),
    paddingShare: paddingShare(rows, plan),
    fingerprint: contentFingerprint([...source.examples.train, ...source.examples.eval]),
  });
  return {
    train: train.rows,
    eval: held.rows,
    report,
    examples: { train: train.examples, eval: held.examples },
    tokenFingerprint: tokenFingerprint(rows),
  };
}

/**
 * Reads, checks, splits and tokenizes the data of a run.
 * @throws DataError when a file cannot be read, when rows are bad and `on_bad_row` is `error` (all bad rows at once),
 * or when no row is left to train on.
 */
export async function loadDataset(
  config: DataConfig,
  tokenizer: TextTokenizer,
  options: LoadOptions = {},
): Promise<Dataset> {
  const dataset = await prepareDataset(config, tokenizer, options);
  if (dataset.train.length === 0) throw nothingLeft(dataset.report);
  return dataset;
}

function nothingLeft(report: DataReport): DataError {
  const reasons = Object.entries(report.counts).filter(([, count]) => count > 0);
  const found = reasons.map(([kind, count]) => `${kind} ${count}`).join(', ');
  return new DataError(
    `${report.sources.map(({ name }) => name).join(', ')}: of ${report.rowsRead} read, no row is left to train on` +
      `${found === '' ? '' : ` (${found})`}. See max_length, on_long_prompt, eval_fraction and the drop_… options.`,
  );
}
