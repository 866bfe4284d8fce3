import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bucketUse, paddingShare, planBuckets } from '../batch/buckets.ts';
import { DataError } from '../errors.ts';
import { encodeExample } from '../encode/encodeExample.ts';
import type { TextTokenizer } from '../encode/tokenizer.ts';
import type { PreferenceExample } from '../formats/example.ts';
import { buildReport, type DataReport, type ReportBucket } from '../report/report.ts';
import { type EncodedRows, type Indexed, joined, type SizedRow } from '../rows/indexed.ts';
import { RowStore } from '../rows/rowStore.ts';
import type { SizeTable } from '../rows/sizeTable.ts';
import { type Account, accountRows } from './account.ts';
import { refuseBadRows } from './badRows.ts';
import { DataCache, type Stores } from './cache.ts';
import type { DataConfig } from './config.ts';
import { TokenHash } from './contentHash.ts';
import { examplesOf, type Part, type RowSource, sourcesOf } from './sources.ts';
import { type Survey, survey } from './survey.ts';

/** Data ready to be batched, and what became of every row. */
export interface Dataset {
  readonly train: EncodedRows;
  readonly eval: EncodedRows;
  readonly report: DataReport;
  /** The texts of the rows of a part, in order, read from the files again: for sample prompts and for reading. */
  examples(part: Part): AsyncIterable<PreferenceExample>;
  /** sha256 over all token ids: what a cache of reference log-probs depends on besides the model. */
  readonly tokenFingerprint: string;
  /** Closes the files that large data is in, and deletes those that no cache folder was given for. */
  close(): void;
}

export interface LoadOptions {
  /** Relative paths of files start here; default: the working folder. */
  readonly baseFolder?: string;
  /** For tokenized rows that do not stay in memory; default: a temporary folder, deleted when the process ends. */
  readonly cacheFolder?: string;
  /** Names the tokenizer: with it and a cache folder, a later load of the same data takes the tokens from there. */
  readonly tokenizerFingerprint?: string;
  /** For the complete list of findings, where it is long; default: a file in the cache folder, if there is one. */
  readonly findingsFile?: string;
}

export function instructionsAsMessages(config: DataConfig, tokenizer: TextTokenizer | undefined): boolean {
  return config.prompt_style === 'auto'
    ? tokenizer?.applyChatTemplate !== undefined
    : config.prompt_style === 'messages';
}

/** A folder for this process alone. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tether-data-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Buckets of all rows and their padding, for the report. */
export function bucketReport(
  rows: Indexed<SizedRow>,
  config: DataConfig,
): { readonly buckets: readonly ReportBucket[]; readonly paddingShare: number } {
  const plan = planBuckets(rows, 'compact', config.buckets);
  const use = bucketUse(rows, plan);
  const buckets = plan.buckets.map((bucket, index) => {
    const { rows: rowCount, tokens, padded } = use[index]!;
    return { ...bucket, rowCount, paddingShare: 1 - tokens / padded };
  });
  return { buckets, paddingShare: paddingShare(rows, plan) };
}

/** Per part its lengths in the rows of both tables. */
export function allLengths(first: SizeTable, second: SizeTable): readonly Int32Array[] {
  const [own, others] = [first.lengths(), second.lengths()];
  if (own.length === 0 || others.length === 0) return own.length === 0 ? others : own;
  return own.map((lengths, part) => {
    const all = new Int32Array(first.length + second.length);
    all.set(lengths);
    all.set(others[part]!, first.length);
    return all;
  });
}

interface Encoded extends Account {
  readonly stores: Stores;
  readonly tokenFingerprint: string;
}

async function encodeRows(
  sources: readonly RowSource[],
  found: Survey,
  config: DataConfig,
  tokenizer: TextTokenizer,
  cache: DataCache,
  findingsFile: string | undefined,
): Promise<Encoded> {
  const memoryBytes = config.in_memory_mib * 2 ** 20;
  const store = (part: Part) => new RowStore({ memoryBytes, file: () => cache.newFile(part) });
  const stores: Stores = { train: store('train'), eval: store('eval') };
  const hashes = { train: new TokenHash(), eval: new TokenHash() };
  const sink = (part: Part) => ({
    get length() {
      return stores[part].length;
    },
    add(row: Parameters<RowStore['add']>[0]) {
      stores[part].add(row);
      hashes[part].add(row);
    },
  });
  const account = await accountRows({
    sources,
    survey: found,
    config,
    encode: (example) => encodeExample(example, tokenizer, config),
    sinks: { train: sink('train'), eval: sink('eval') },
    findingsFile,
  });
  return { ...account, stores, tokenFingerprint: `${hashes.train.digest()}${hashes.eval.digest()}` };
}

/** As `loadDataset`, but data of which nothing is left to train on is no error: its report says so. */
async function prepareDataset(config: DataConfig, tokenizer: TextTokenizer, options: LoadOptions): Promise<Dataset> {
  const asMessages = instructionsAsMessages(config, tokenizer);
  const baseFolder = options.baseFolder ?? '.';
  const sources = await sourcesOf({ config, baseFolder, instructionsAsMessages: asMessages });
  const found = await survey(sources, config);
  refuseBadRows(config.on_bad_row, found.sources, found.bad);
  let temporary: string | undefined;
  const cache = new DataCache(options.cacheFolder ?? (() => (temporary = temporaryFolder())), {
    ...config,
    files: undefined,
    eval_files: undefined,
    content: found.fingerprint,
    sources: found.sources.map(({ part, rows }) => ({ part, rows })),
    bad: found.bad,
    asMessages,
    tokenizer: options.cacheFolder === undefined ? undefined : options.tokenizerFingerprint,
  });
  const findingsFile = options.findingsFile ?? (options.cacheFolder === undefined ? undefined : cache.findingsFile());
  const encoded = cache.load() ?? cache.save(await encodeRows(sources, found, config, tokenizer, cache, findingsFile));
  refuseBadRows(config.on_bad_row, found.sources, encoded.findings);
  const { train, eval: held } = encoded.stores;
  const report = buildReport({
    sources: found.sources,
    findings: encoded.findings,
    rowsUsed: { train: train.length, eval: held.length },
    rowsBeyondLimit: encoded.rowsBeyondLimit,
    lengths: allLengths(train.sizes, held.sizes),
    unit: 'tokens',
    ...bucketReport(joined(train.sizes, held.sizes), config),
    fingerprint: found.fingerprint,
  });
  return {
    train,
    eval: held,
    report,
    examples: (part) => examplesOf(sources, encoded.stores[part].sizes.rowNumbers()),
    tokenFingerprint: encoded.tokenFingerprint,
    close() {
      for (const store of [train, held]) store.close();
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    },
  };
}

/**
 * Reads, checks, splits and tokenizes the data of a run, in bounded memory: all rows are read twice, and tokens beyond
 * `in_memory_mib` are kept in a file.
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
