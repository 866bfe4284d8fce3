import { mul, sub, type Tensor } from '@tether/graph';
import { sameRank, smoothedLogistic } from '@tether/core';
import type { PairLoss, PairValues } from './pair.ts';

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
