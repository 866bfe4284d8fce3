import { formatRowNumbers } from '../errors.ts';
import { ACTIONS, FINDING_KINDS, FINDING_TITLES, type FindingKind } from './finding.ts';
import type { DataReport } from './report.ts';

export interface RenderOptions {
  /** Ranges of row numbers listed per finding before the rest is only counted. Default 20. */
  readonly maxRowNumbers?: number;
}

const rows = (count: number): string => (count === 1 ? '1 row' : `${count} rows`);

function sourceLines({ sources }: DataReport): string[] {
  return sources.map(({ name, part, form, firstRow, rows: count }) => {
    const numbers = sources.length === 1 ? '' : `, numbered ${firstRow}–${firstRow + count - 1}`;
    return `  ${name}: ${rows(count)} (${form}${part === 'eval' ? ', for evaluation' : ''}${numbers})`;
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
  return ACTIONS.flatMap((action) => {
    const found = report.findings.filter((finding) => finding.kind === kind && finding.action === action);
    if (found.length === 0) return [];
    const groups = Map.groupBy(found, ({ reason }) => reason.replaceAll(/\d+/g, '#'));
    const title = `  ${FINDING_TITLES[kind]}: ${found.length}, ${action}`;
    return [
      title,
      ...[...groups.values()].map((group) => {
        const numbers = formatRowNumbers(
          group.map(({ rowNumber }) => rowNumber),
          limit,
        );
        const same = group.every(({ reason }) => reason === group[0]!.reason);
        const example = same ? group[0]!.reason : `such as ${group[0]!.reason}`;
        return `    ${group.length === 1 ? 'row' : 'rows'} ${numbers}: ${example}`;
      }),
    ];
  });
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

function bucketLines(report: DataReport): string[] {
  if (report.paddingShare === undefined) return [];
  const buckets = report.buckets.map(({ rowLength, rowCount }) => `${rowCount} × ${rowLength}`).join(', ');
  return [`  rows × length in tokens: ${buckets}; padding ${(100 * report.paddingShare).toFixed(1)} %`];
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
    ...lengthLines(report),
    ...bucketLines(report),
    `  fingerprint sha256:${report.fingerprint}`,
  ];
}
