import { expect } from 'vitest';

/** What a golden keeps of a tensor; see tools/goldens/conventions.md. */
export interface TensorSummary {
  readonly shape: readonly number[];
  readonly maxAbs: number;
  readonly sum: number;
  readonly l2: number;
  readonly samples: readonly number[];
  readonly projections: readonly number[];
}

/** The same summary of our values. */
export function summarize(values: ArrayLike<number>): Omit<TensorSummary, 'shape'> {
  const n = values.length;
  let [maxAbs, sum, squares] = [0, 0, 0];
  const projections = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    maxAbs = Math.max(maxAbs, Math.abs(value));
    sum += value;
    squares += value * value;
    for (let j = 0; j < 4; j++) projections[j]! += value * Math.cos(i * (j + 1) + j);
  }
  const samples = Array.from({ length: 16 }, (_, k) => values[Math.floor((k * n) / 16)]!);
  return { maxAbs, sum, l2: Math.sqrt(squares), samples, projections };
}

/**
 * Largest error of a tensor against its golden, as a share of the golden's largest entry. Sums and projections run over
 * all n entries, so their errors are divided by √n, as independent errors would add up.
 */
export function summaryError(values: ArrayLike<number>, golden: TensorSummary): number {
  const ours = summarize(values);
  const spread = Math.sqrt(values.length);
  const errors = [
    ours.maxAbs - golden.maxAbs,
    (ours.sum - golden.sum) / spread,
    (ours.l2 - golden.l2) / spread,
    ...ours.samples.map((sample, k) => sample - golden.samples[k]!),
    ...ours.projections.map((projection, j) => (projection - golden.projections[j]!) / spread),
  ];
  // A gradient that is 0 everywhere has no scale of its own.
  return Math.max(...errors.map(Math.abs)) / Math.max(golden.maxAbs, 1e-30);
}

/** Checks every tensor of a golden; a failure names the worst one. Returns the largest error, for reports. */
export function expectTensors(
  values: (name: string) => ArrayLike<number>,
  goldens: Readonly<Record<string, TensorSummary>>,
  tolerance: number,
): number {
  const errors = Object.entries(goldens).map(([name, golden]) => ({ name, error: summaryError(values(name), golden) }));
  const worst = errors.reduce((a, b) => (b.error > a.error ? b : a));
  expect(worst.error, `tensor ${worst.name}`).toBeLessThanOrEqual(tolerance);
  return worst.error;
}
