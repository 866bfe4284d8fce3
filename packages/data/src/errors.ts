/** Something is wrong with the user's data: the message says what, where and what to do. */
export class DataError extends Error {
  override readonly name = 'DataError';
  /** The rows at fault, where the fault lies in rows. */
  readonly rowNumbers: readonly number[];

  constructor(message: string, options: { readonly rowNumbers?: readonly number[]; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.rowNumbers = options.rowNumbers ?? [];
  }
}

/** One row cannot be used, and why. Thrown where rows are taken apart; turned into a finding or an error listing all. */
export class BadRow extends Error {
  override readonly name = 'BadRow';
}

/**
 * Row numbers as a person writes them: `1–3, 7, 9–12`. Beyond `limit` entries the rest is counted, not listed, and so
 * are `unlisted` further rows. The numbers must be ascending.
 */
export function formatRowNumbers(
  rowNumbers: readonly number[],
  limit = Number.POSITIVE_INFINITY,
  unlisted = 0,
): string {
  const ranges: { from: number; to: number }[] = [];
  for (const rowNumber of rowNumbers) {
    const last = ranges.at(-1);
    if (last !== undefined && rowNumber === last.to + 1) last.to = rowNumber;
    else if (last === undefined || rowNumber !== last.to) ranges.push({ from: rowNumber, to: rowNumber });
  }
  const shown = ranges.slice(0, limit);
  const parts = shown.map(({ from, to }) =>
    to === from ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from}–${to}`,
  );
  const hidden = ranges.slice(limit).reduce((count, { from, to }) => count + to - from + 1, unlisted);
  return hidden === 0 ? parts.join(', ') : `${parts.join(', ')} and ${hidden} more`;
}
