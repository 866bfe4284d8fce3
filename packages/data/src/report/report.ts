import type { Bucket } from '../batch/buckets.ts';
import type { FormName } from '../formats/config.ts';
import { FINDING_KINDS, type FindingKind, type RowFinding } from './finding.ts';
import { type LengthStatistics, lengthStatistics } from './statistics.ts';

/** One file (or the synthetic task) and which row numbers are its rows. */
export interface SourceSummary {
  readonly name: string;
  readonly part: 'train' | 'eval';
  readonly form: FormName;
  readonly firstRow: number;
  readonly rows: number;
}

/** Lengths of one row's parts: [prompt, completion] or [prompt, chosen, rejected]. */
export type PartLengths = readonly number[];

export interface ReportInput {
  readonly sources: readonly SourceSummary[];
  readonly findings: readonly RowFinding[];
  readonly rowsUsed: { readonly train: number; readonly eval: number };
  /** Usable rows that max_train_rows or max_eval_rows leave out. */
  readonly rowsBeyondLimit: number;
  readonly lengths: readonly PartLengths[];
  readonly unit: 'tokens' | 'characters';
  readonly buckets: readonly (Bucket & { readonly rowCount: number })[];
  readonly paddingShare: number | undefined;
  readonly fingerprint: string;
}

/** What was read and what became of every row. Plain data: it goes into the run folder as JSON. */
export interface DataReport extends Omit<ReportInput, 'lengths'> {
  readonly rowsRead: number;
  readonly rowsDropped: number;
  /** Rows with each finding. */
  readonly counts: Readonly<Record<FindingKind, number>>;
  readonly lengths: readonly { readonly part: string; readonly statistics: LengthStatistics }[];
}

function partNames(parts: number): string[] {
  return parts === 2 ? ['prompt', 'completion'] : ['prompt', 'chosen', 'rejected'];
}

export function buildReport(input: ReportInput): DataReport {
  const { lengths, ...rest } = input;
  const findings = [...input.findings].sort((a, b) => a.rowNumber - b.rowNumber);
  const count = (kind: FindingKind) => findings.filter((finding) => finding.kind === kind).length;
  const dropped = new Set(findings.filter(({ action }) => action === 'dropped').map(({ rowNumber }) => rowNumber));
  const names = partNames(lengths[0]?.length ?? 0);
  return {
    ...rest,
    findings,
    rowsRead: input.sources.reduce((sum, { rows }) => sum + rows, 0),
    rowsDropped: dropped.size,
    counts: Object.fromEntries(FINDING_KINDS.map((kind) => [kind, count(kind)])) as Record<FindingKind, number>,
    lengths:
      lengths.length === 0
        ? []
        : names.map((part, index) => ({ part, statistics: lengthStatistics(lengths.map((row) => row[index]!)) })),
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
