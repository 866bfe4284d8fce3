import { formatRowNumbers } from '../errors.ts';
import { ACTIONS, FINDING_KINDS, FINDING_TITLES, type FindingKind } from './finding.ts';
import { groupsOf } from './findingLog.ts';
import type { DataReport } from './report.ts';

export interface RenderOptions {
  /** Ranges of row numbers listed per finding before the rest is only counted. Default 20. */
  readonly maxRowNumbers?: number;
}

const rows = (count: number): string => (count === 1 ? '1 row' : `${count} rows`);

function sourceLines({ sources }: DataReport): string[] {
  return sources.map(({ name, kind, part, form, detected, firstRow, rows: count }) => {
    const numbers = sources.length === 1 ? '' : `, numbered ${firstRow}–${firstRow + count - 1}`;
    const how = `${kind}, form ${form}${detected ? ' by its columns' : ''}`;
    return `  ${name}: ${rows(count)} (${how}${part === 'eval' ? ', for evaluation' : ''}${numbers})`;
  });
}

function summaryLines(report: DataReport): string[] {
  const beyond = report.rowsBeyondLimit === 0 ? '' : `, ${report.rowsBeyondLimit} not used (row limit)`;
  const { train, eval: held } = report.rowsUsed;
  return [
    `  read ${rows(report.rowsRead)}: ${train} to train on, ${held} to evaluate on, ${report.rowsDropped} dropped${beyond}`,
  ];
}

/** Rows of one kind, by what was done and why; reasons that differ only in their figures count as one. */
function findingLines(report: DataReport, kind: FindingKind, limit: number): string[] {
  const groups = groupsOf(report).filter((group) => group.kind === kind);
  return ACTIONS.flatMap((action) => {
    const own = groups.filter((group) => group.action === action);
    if (own.length === 0) return [];
    const count = own.reduce((sum, group) => sum + group.count, 0);
    return [`  ${FINDING_TITLES[kind]}: ${count}, ${action}`, ...own.map((group) => groupLine(group, limit))];
  });
}

function groupLine({ count, listed }: ReturnType<typeof groupsOf>[number], limit: number): string {
  const rowNumbers = listed.map(({ rowNumber }) => rowNumber);
  const numbers = formatRowNumbers(rowNumbers, limit, count - listed.length);
  const { reason } = listed[0]!; // a group has a row
  const example = listed.every((finding) => finding.reason === reason) ? reason : `such as ${reason}`;
  return `    ${count === 1 ? 'row' : 'rows'} ${numbers}: ${example}`;
}

function completeListLines({ findingsFile, findings, groups }: DataReport): string[] {
  if (findingsFile !== undefined) return [`  the complete list of these rows is in ${findingsFile}`];
  const unlisted = groups.reduce((sum, { count }) => sum + count, 0) - findings.length;
  return unlisted === 0 ? [] : [`  ${unlisted} findings are only counted here; a findings file has the complete list`];
}

const COLUMNS = ['mean', 'min', 'p50', 'p90', 'p99', 'max'] as const;

function lengthLines(report: DataReport): string[] {
  if (report.lengths.length === 0) return [];
  const cell = (text: string) => text.padStart(7);
  const header = `  ${`length in ${report.unit}`.padEnd(20)}${COLUMNS.map(cell).join('')}`;
  const lines = report.lengths.map(({ part, statistics }) => {
    const cells = COLUMNS.map((column) =>
      cell(column === 'mean' ? statistics.mean.toFixed(1) : String(statistics[column])),
    );
    return `  ${part.padEnd(20)}${cells.join('')}`;
  });
  return [header, ...lines];
}

/** How many completions there are of either label. */
function labelLines({ sources, lengths }: DataReport): string[] {
  if (sources.every(({ form }) => form !== 'unpaired')) return [];
  const count = (side: string) => lengths.find(({ part }) => part === side)?.statistics.count ?? 0;
  return [`  completions: ${count('chosen')} chosen (label true), ${count('rejected')} rejected (label false)`];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function bucketLines(report: DataReport): string[] {
  if (report.paddingShare === undefined) return [];
  const buckets = report.buckets.map(
    ({ rowLength, rowCount, paddingShare }) => `${rowCount} × ${rowLength} (${percent(paddingShare)} padding)`,
  );
  return [`  rows × length in tokens: ${buckets.join(', ')}; padding ${percent(report.paddingShare)} in all`];
}

/** The report as lines of plain text. */
export function renderReport(report: DataReport, options: RenderOptions = {}): string[] {
  const limit = options.maxRowNumbers ?? 20;
  const findings = FINDING_KINDS.flatMap((kind) => findingLines(report, kind, limit));
  return [
    'Data',
    ...sourceLines(report),
    ...summaryLines(report),
    ...(findings.length === 0 ? ['  nothing to report about any row'] : findings),
    ...completeListLines(report),
    ...labelLines(report),
    ...lengthLines(report),
    ...bucketLines(report),
    `  fingerprint sha256:${report.fingerprint}`,
  ];
}
