import { expect } from 'vitest';
import { worstOf } from './worst.ts';

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

/** How errors of single entries add up in sums over a tensor of n entries. */
export type ErrorSpread = 'independent' | 'systematic';

const SPREADS: Readonly<Record<ErrorSpread, (n: number) => number>> = {
  /** √n: what rounding errors of either sign come to. */
  independent: (n) => Math.sqrt(n),
  /** n: what errors of at most e an entry can come to. For tensors of millions of entries in float32. */
  systematic: (n) => n,
};

export interface ErrorRule {
  readonly tolerance: number;
  readonly spread: ErrorSpread;
  /** What errors of a tensor are a share of; its golden's largest entry unless given. */
  readonly scaleOf?: (name: string) => number | undefined;
}

/** Largest error of a tensor against its golden, as a share of `scale`. */
export function summaryError(
  values: ArrayLike<number>,
  golden: TensorSummary,
  spread: ErrorSpread,
  scale: number,
): number {
  const ours = summarize(values);
  const summed = SPREADS[spread](values.length);
  const errors = [
    ours.maxAbs - golden.maxAbs,
    (ours.sum - golden.sum) / summed,
    (ours.l2 - golden.l2) / Math.sqrt(values.length), // a root mean square
    ...ours.samples.map((sample, k) => sample - golden.samples[k]!),
    ...ours.projections.map((projection, j) => (projection - golden.projections[j]!) / summed),
  ];
  return Math.max(...errors.map(Math.abs)) / Math.max(scale, 1e-30); // a gradient of 0 has no scale of its own
}

/** Checks every tensor of a golden; a failure names the worst one. Returns the largest error, for reports. */
export function expectTensors(
  values: (name: string) => ArrayLike<number>,
  goldens: Readonly<Record<string, TensorSummary>>,
  { tolerance, spread, scaleOf }: ErrorRule,
): number {
  const errors = Object.entries(goldens).map(([name, golden]) => {
    const scale = scaleOf?.(name) ?? golden.maxAbs;
    return { name, error: summaryError(values(name), golden, spread, scale) };
  });
  const worst = worstOf(errors);
  expect(worst.error, `tensor ${worst.name}`).toBeLessThanOrEqual(tolerance);
  return worst.error;
}
