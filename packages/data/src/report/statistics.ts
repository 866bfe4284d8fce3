/** Lengths of one part of the rows. */
export interface LengthStatistics {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest-rank percentile of ascending values: the least value that at least `share` of them do not exceed. */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  if (ascending.length === 0) return 0;
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)]!;
}

export function lengthStatistics(lengths: ArrayLike<number>): LengthStatistics {
  const ascending = Int32Array.from(lengths).sort();
  const count = ascending.length;
  return {
    count,
    mean: count === 0 ? 0 : ascending.reduce((sum, length) => sum + length, 0) / count,
    min: ascending[0] ?? 0,
    p50: percentile(ascending, 0.5),
    p90: percentile(ascending, 0.9),
    p99: percentile(ascending, 0.99),
    max: ascending.at(-1) ?? 0,
  };
}
