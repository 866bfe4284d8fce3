import { isAbsolute, join } from 'node:path';
import { DataError } from '../errors.ts';
import type { FormName } from '../formats/config.ts';
import type { PreferenceExample } from '../formats/example.ts';
import { completionsOf, readExamples } from '../formats/readExamples.ts';
import { readRows } from '../reading/readRows.ts';
import type { RowFinding } from '../report/finding.ts';
import type { SourceSummary } from '../report/report.ts';
import type { SPLITS } from '../synthetic/prompts.ts';
import { syntheticPairs, syntheticPretrainingRows } from '../synthetic/rows.ts';
import type { SyntheticOptions } from '../synthetic/config.ts';
import type { DataConfig } from './config.ts';

export type Part = 'train' | 'eval';

/** All rows of the run's sources, numbered through. */
export interface SourceRows {
  readonly sources: readonly SourceSummary[];
  readonly examples: Readonly<Record<Part, readonly PreferenceExample[]>>;
  readonly findings: readonly RowFinding[]; // the bad rows
}

interface Reading {
  sources: SourceSummary[];
  examples: Record<Part, PreferenceExample[]>;
  bad: RowFinding[];
  rows: number; // read so far, over all sources
}

interface ReadOptions {
  readonly config: DataConfig;
  readonly baseFolder: string;
  readonly instructionsAsMessages: boolean;
}

/** Row numbers run on from file to file, so that one number names one row of the run. */
async function readFile(reading: Reading, name: string, part: Part, options: ReadOptions): Promise<void> {
  const { config, baseFolder, instructionsAsMessages } = options;
  const path = isAbsolute(name) ? name : join(baseFolder, name);
  const firstRow = reading.rows + 1;
  let form: FormName | undefined;
  const parseOptions = { columns: config.columns, instructionsAsMessages };
  for await (const row of readExamples(path, readRows(path), config.format, parseOptions)) {
    form = row.form;
    reading.rows++;
    const rowNumber = reading.rows;
    if (row.parsed.ok) reading.examples[part].push({ ...row.parsed.example, rowNumber });
    else reading.bad.push({ kind: 'bad-row', action: 'dropped', rowNumber, reason: row.parsed.problem });
  }
  if (form === undefined) throw new DataError(`${path}: the file holds no rows.`);
  reading.sources.push({ name: path, part, form, firstRow, rows: reading.rows - firstRow + 1 });
}

function requireOneKind(sources: readonly SourceSummary[]): void {
  const [first, ...others] = sources;
  const other = others.find(({ form }) => completionsOf(form) !== completionsOf(first!.form));
  if (other === undefined) return;
  throw new DataError(
    `${first!.name} and ${other.name} do not go together: one has preference pairs, the other single completions.`,
  );
}

/**
 * Reads the files of the config; bad rows are among the findings.
 * @throws DataError for files that cannot be read.
 */
export async function readSources(options: ReadOptions): Promise<SourceRows> {
  const { config } = options;
  const reading: Reading = { sources: [], examples: { train: [], eval: [] }, bad: [], rows: 0 };
  for (const name of [config.files ?? []].flat()) await readFile(reading, name, 'train', options);
  for (const name of [config.eval_files ?? []].flat()) await readFile(reading, name, 'eval', options);
  requireOneKind(reading.sources);
  return { sources: reading.sources, examples: reading.examples, findings: reading.bad };
}

/** Rows of the built-in task; the evaluation rows come from prompts held out of training. */
export function syntheticSources(options: SyntheticOptions): SourceRows {
  const { seed, count, eval_count: evalCount, label_noise: labelNoise, style_bias: styleBias } = options;
  const make = options.rows === 'pairs' ? syntheticPairs : syntheticPretrainingRows;
  const train = make({ seed, count, split: 'train', labelNoise, styleBias });
  const held = make({ seed, count: evalCount, split: 'heldout', labelNoise, styleBias });
  const form = options.rows === 'pairs' ? 'trl' : 'completion';
  const name = (split: keyof typeof SPLITS) => `synthetic ${options.rows}, ${split} prompts, seed ${seed}`;
  const sources: SourceSummary[] = [{ name: name('train'), part: 'train', form, firstRow: 1, rows: count }];
  if (evalCount > 0) sources.push({ name: name('heldout'), part: 'eval', form, firstRow: count + 1, rows: evalCount });
  return {
    sources,
    examples: { train, eval: held.map((example) => ({ ...example, rowNumber: example.rowNumber + count })) },
    findings: [],
  };
}
