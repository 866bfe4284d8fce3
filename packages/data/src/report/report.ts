import type { Bucket } from '../batch/buckets.ts';
import type { FormName } from '../formats/config.ts';
import type { FindingSummary } from './findingLog.ts';
import { type LengthStatistics, lengthStatistics } from './statistics.ts';

/** One file (or the synthetic task) and which row numbers are its rows. */
export interface SourceSummary {
  readonly name: string;
  readonly part: 'train' | 'eval';
  /** Kind of file: JSON, Parquet, … */
  readonly kind: string;
  readonly form: FormName;
  /** Whether the form was found by the columns, not named in the config. */
  readonly detected: boolean;
  readonly firstRow: number;
  readonly rows: number;
}

/** A bucket with how many rows are in it and how much of their tokens is padding, 0 … 1. */
export type ReportBucket = Bucket & { readonly rowCount: number; readonly paddingShare: number };

export interface ReportInput {
  readonly sources: readonly SourceSummary[];
  readonly findings: FindingSummary;
  readonly rowsUsed: { readonly train: number; readonly eval: number };
  /** Usable rows that max_train_rows or max_eval_rows leave out. */
  readonly rowsBeyondLimit: number;
  /** Per part (the prompt, then each completion) its length in every row. */
  readonly lengths: readonly Int32Array[];
  readonly unit: 'tokens' | 'characters';
  readonly buckets: readonly ReportBucket[];
  readonly paddingShare: number | undefined;
  readonly fingerprint: string;
}

/** What was read and what became of every row. Plain data: it goes into the run folder as JSON. */
export interface DataReport extends Omit<ReportInput, 'lengths' | 'findings'>, FindingSummary {
  readonly rowsRead: number;
  readonly lengths: readonly { readonly part: string; readonly statistics: LengthStatistics }[];
}

function partNames(parts: number): string[] {
  return parts === 2 ? ['prompt', 'completion'] : ['prompt', 'chosen', 'rejected'];
}

export function buildReport({ lengths, findings, ...rest }: ReportInput): DataReport {
  const names = partNames(lengths.length);
  const mayLackSides = rest.sources.some(({ form }) => form === 'unpaired');
  const ofThoseThere = (values: Int32Array) => (mayLackSides ? values.filter((length) => length > 0) : values);
  return {
    ...rest,
    ...findings,
    rowsRead: rest.sources.reduce((sum, { rows }) => sum + rows, 0),
    lengths: lengths.map((values, index) => ({
      part: names[index]!,
      statistics: lengthStatistics(ofThoseThere(values)),
    })),
  };
}

/**
 * The file, and the row within it, that a run's row number stands for.
 * @throws RangeError when no source has the row.
 */
export function locateRow(
  sources: readonly SourceSummary[],
  rowNumber: number,
): { readonly source: string; readonly row: number } {
  const source = sources.find(({ firstRow, rows }) => rowNumber >= firstRow && rowNumber < firstRow + rows);
  if (source === undefined) throw new RangeError(`there is no row ${rowNumber}`);
  return { source: source.name, row: rowNumber - source.firstRow + 1 };
}
