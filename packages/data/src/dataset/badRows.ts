import { DataError, formatRowNumbers } from '../errors.ts';
import type { FindingSummary } from '../report/findingLog.ts';
import { locateRow, type SourceSummary } from '../report/report.ts';
import type { DataConfig } from './config.ts';

const LISTED_RANGES = 200;

function describeSource(source: string, bad: readonly { readonly row: number; readonly reason: string }[]): string {
  const reasons = [...Map.groupBy(bad, ({ reason }) => reason)].map(([reason, same]) => {
    const numbers = formatRowNumbers(
      same.map(({ row }) => row),
      LISTED_RANGES,
    );
    return `  ${reason}: ${same.length === 1 ? 'row' : 'rows'} ${numbers}`;
  });
  return [`${source}: ${bad.length} ${bad.length === 1 ? 'row' : 'rows'} cannot be used`, ...reasons].join('\n');
}

/**
 * Stops at bad rows unless the config drops them.
 * @throws DataError listing bad rows by file, reason and row number within the file: all of them, or the first thousand
 * of each reason and how many more there are.
 */
export function refuseBadRows(
  onBadRow: DataConfig['on_bad_row'],
  sources: readonly SourceSummary[],
  { findings, counts }: FindingSummary,
): void {
  const bad = findings.filter(({ kind }) => kind === 'bad-row');
  if (onBadRow === 'drop' || bad.length === 0) return;
  const located = bad.map(({ rowNumber, reason }) => ({ ...locateRow(sources, rowNumber), reason }));
  const lines = [...Map.groupBy(located, ({ source }) => source)].map(([source, rows]) => describeSource(source, rows));
  const unlisted = counts['bad-row'] - bad.length;
  if (unlisted > 0) lines.push(`and ${unlisted} more bad rows`);
  const advice =
    'Correct these rows, name other columns with the option columns, or leave them out with on_bad_row: drop.';
  throw new DataError([...lines, advice].join('\n'), { rowNumbers: bad.map(({ rowNumber }) => rowNumber) });
}
