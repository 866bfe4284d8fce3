import {
  and,
  cast,
  equal,
  iota,
  less,
  mul,
  or,
  reduceSum,
  reshape,
  stopGradient,
  sub,
  type Tensor,
} from '@tether/graph';
import type { PairLoss, PairValues } from './pair.ts';
import { smoothedLogistic } from './sigmoid.ts';

const column = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, 1]);
const row = (x: Tensor): Tensor => reshape(x, [1, x.shape[0]!]);

/**
 * Place of each of x [B] in ascending order, [B]: the number of rows before it. Rows that fill a batch up come last, and
 * equal values keep their order, so that no two rows share a place.
 */
function ranks(x: Tensor, rowWeight: Tensor): Tensor {
  const rows = x.shape[0]!;
  const [i, j] = [iota([rows, rows], 0), iota([rows, rows], 1)];
  const value = stopGradient(x);
  const filler = sub(1, rowWeight);
  const tie = and(equal(row(value), column(value)), less(j, i));
  const smaller = or(less(row(value), column(value)), tie);
  const before = or(less(row(filler), column(filler)), and(equal(row(filler), column(filler)), smaller)); // [B, B]: whether row j comes before row i
  return reduceSum(cast(before, 'f32'), [1]);
}

/** For each row, the value of `y` that has the same place among all y as the row's x has among all x, [B]. */
function sameRank(x: Tensor, y: Tensor, rowWeight: Tensor): Tensor {
  const matches = cast(equal(column(ranks(x, rowWeight)), row(ranks(y, rowWeight))), 'f32'); // [B, B], one 1 a row
  return reduceSum(mul(matches, row(y)), [1]);
}

/** The smoothed logistic loss of β times the differences of two sorted samples. */
const sortedLogistic = (
  { rowWeight, mean }: PairValues,
  upper: Tensor,
  lower: Tensor,
  beta: number,
  smoothing: number,
): Tensor => mean(smoothedLogistic(mul(sub(upper, sameRank(upper, lower, rowWeight)), beta), smoothing));

/**
 * Alignment via optimal transport, paired (Melnyk et al. 2024): the policy's log π(y⁺) − log π(y⁻), sorted over the
 * batch, against the reference's, sorted.
 */
export const aotLoss: PairLoss = (values, { beta, label_smoothing: smoothing }) => {
  const gap = ({ chosen, rejected }: PairValues['policy']): Tensor => sub(chosen, rejected);
  return sortedLogistic(values, gap(values.policy), gap(values.reference), beta, smoothing);
};

/** The same, unpaired: Δ⁺, sorted over the batch, against Δ⁻, sorted. */
export const aotUnpairedLoss: PairLoss = (values, { beta, label_smoothing: smoothing }) =>
  sortedLogistic(values, values.logRatios.chosen, values.logRatios.rejected, beta, smoothing);
