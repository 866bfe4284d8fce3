import { add, maximum, mul, sub } from '@tether/graph';
import { chosenNll, pairOf, rewardMetrics, type BatchViews, type LossResult } from '@tether/core';
import type { SlicConfig } from './config.ts';

/**
 * Sequence likelihood calibration (Zhao et al. 2023, SLiC-HF, eq. 1): max(0, δ − log π(y⁺) + log π(y⁻)) plus λ times the
 * negative log-likelihood of the chosen completions, which stand for the paper's targets of fine-tuning.
 */
export function slicLoss(views: BatchViews, { delta, nll_weight: weight }: SlicConfig): LossResult {
  const { chosen, rejected } = pairOf(views, views.policy.logps.sums);
  const calibration = views.meanOverRows(maximum(sub(delta, sub(chosen, rejected)), 0));
  const nll = chosenNll(views);
  return {
    loss: weight === 0 ? calibration : add(calibration, mul(nll, weight)),
    metrics: { ...rewardMetrics(views, chosen, rejected), nll_loss: nll },
  };
}
