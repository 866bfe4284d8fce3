import { isAbsolute, join } from 'node:path';
import { DataError } from '../errors.ts';
import type { FormName } from '../formats/config.ts';
import type { PreferenceExample } from '../formats/example.ts';
import type { ParsedRow } from '../formats/parseRow.ts';
import { sidesOf, readExamples } from '../formats/readExamples.ts';
import { filesOf } from '../reading/folder.ts';
import { readRows, requireKind } from '../reading/readRows.ts';
import type { SourceSummary } from '../report/report.ts';
import type { SPLITS } from '../synthetic/prompts.ts';
import { syntheticPairs, syntheticPretrainingRows } from '../synthetic/rows.ts';
import type { SyntheticOptions } from '../synthetic/config.ts';
import type { DataConfig } from './config.ts';

export type Part = 'train' | 'eval';

/** One file, or one part of the synthetic task. Its rows can be read again and again. */
export interface RowSource {
  readonly name: string;
  readonly kind: string;
  readonly part: Part;
  readonly detected: boolean;
  rows(): AsyncIterable<SourceRow> | Iterable<SourceRow>;
}

export interface SourceRow {
  readonly form: FormName;
  readonly parsed: ParsedRow;
}

/** A row with the number that names it in the whole run: numbers run on from source to source. */
export interface NumberedRow {
  readonly rowNumber: number; // 1-based
  readonly source: RowSource;
  readonly parsed: ParsedRow;
}

export interface SourceOptions {
  readonly config: DataConfig;
  readonly baseFolder: string;
  readonly instructionsAsMessages: boolean;
}

function fileSource(path: string, part: Part, { config, instructionsAsMessages }: SourceOptions): RowSource {
  const { columns, format } = config;
  return {
    name: path,
    kind: requireKind(path).name,
    part,
    detected: format === 'auto',
    rows: () => readExamples(path, readRows(path), format, { columns, instructionsAsMessages }),
  };
}

/** Folders hold their evaluation rows under several names. */
const USUAL_SPLITS: Readonly<Record<Part, readonly string[]>> = {
  train: ['train'],
  eval: ['test', 'validation', 'eval', 'dev'],
};

async function fileSources(options: SourceOptions): Promise<RowSource[]> {
  const { config, baseFolder } = options;
  const { files = [], eval_files: evalFiles = config.eval_split === undefined ? [] : files } = config;
  const named = [
    ...[files].flat().map((name) => ({ name, part: 'train', split: config.split }) as const),
    ...[evalFiles].flat().map((name) => ({ name, part: 'eval', split: config.eval_split }) as const),
  ];
  const sources: RowSource[] = [];
  for (const { name, part, split } of named) {
    const path = isAbsolute(name) ? name : join(baseFolder, name);
    const paths = await filesOf(path, split, USUAL_SPLITS[part]);
    if (split !== undefined && paths[0] === path) {
      throw new DataError(`${path}: this is a file, so it has no split "${split}". Splits are of folders.`);
    }
    sources.push(...paths.map((file) => fileSource(file, part, options)));
  }
  return sources;
}

/** Rows of the built-in task; the evaluation rows come from prompts held out of training. */
function syntheticSources(options: SyntheticOptions): RowSource[] {
  const { seed, count, eval_count: evalCount, label_noise: labelNoise, style_bias: styleBias } = options;
  const make = options.rows === 'pairs' ? syntheticPairs : syntheticPretrainingRows;
  const form = options.rows === 'pairs' ? 'trl' : 'completion';
  const source = (part: Part, split: keyof typeof SPLITS, rows: number): RowSource => ({
    name: `synthetic ${options.rows}, ${split} prompts, seed ${seed}`,
    kind: 'synthetic',
    part,
    detected: false,
    *rows() {
      for (const example of make({ seed, count: rows, split, labelNoise, styleBias })) {
        yield { form, parsed: { ok: true, example } };
      }
    },
  });
  return [source('train', 'train', count), ...(evalCount > 0 ? [source('eval', 'heldout', evalCount)] : [])];
}

/**
 * What the config names as sources.
 * @throws DataError for files of an unknown kind, and folders without data.
 */
export async function sourcesOf(options: SourceOptions): Promise<readonly RowSource[]> {
  const { synthetic } = options.config;
  return synthetic === undefined ? fileSources(options) : syntheticSources(synthetic);
}

function requireOneKind([first, ...others]: readonly SourceSummary[]): void {
  const other = others.find(({ form }) => sidesOf(form) !== sidesOf(first!.form));
  if (other === undefined) return;
  throw new DataError(
    `${first!.name} and ${other.name} do not go together: one has preferences, the other single completions to imitate.`,
  );
}

/**
 * All rows of the sources in order, read as they are needed; the sources' summaries are returned at the end.
 * @throws DataError for files that cannot be read, and for sources that do not go together.
 */
export async function* numberedRows(
  sources: readonly RowSource[],
): AsyncGenerator<NumberedRow, readonly SourceSummary[]> {
  const summaries: SourceSummary[] = [];
  let rowNumber = 0;
  for (const source of sources) {
    const { name, kind, part, detected } = source;
    const firstRow = rowNumber + 1;
    let form: FormName | undefined;
    for await (const row of source.rows()) {
      form = row.form;
      yield { rowNumber: ++rowNumber, source, parsed: withNumber(row.parsed, rowNumber) };
    }
    if (form === undefined) throw new DataError(`${name}: the file holds no rows.`);
    summaries.push({ name, kind, part, form, detected, firstRow, rows: rowNumber - firstRow + 1 });
    requireOneKind(summaries);
  }
  return summaries;
}

const withNumber = (parsed: ParsedRow, rowNumber: number): ParsedRow =>
  parsed.ok ? { ok: true, example: { ...parsed.example, rowNumber } } : parsed;

/** The examples of some rows, by ascending row numbers, read again from the sources. */
export async function* examplesOf(
  sources: readonly RowSource[],
  rowNumbers: ArrayLike<number>,
): AsyncGenerator<PreferenceExample> {
  let next = 0;
  if (rowNumbers.length === 0) return;
  for await (const { rowNumber, parsed } of numberedRows(sources)) {
    if (rowNumber !== rowNumbers[next]) continue;
    if (parsed.ok) yield parsed.example;
    if (++next === rowNumbers.length) return;
  }
}
