import { div, logSigmoid, maximum, mul, neg, sub } from '@tether/graph';
import { pairOf, rewardMetrics, type BatchViews, type LossResult } from '@tether/core';
import type { SimpoConfig } from './config.ts';

/**
 * Simple preference optimization (Meng et al. 2024, eq. 6): −log σ(β·(m⁺ − m⁻) − γ), where m is the mean
 * log-probability per completion token and γ = gamma_beta_ratio · β, or given itself. It has no reference.
 */
export function simpoLoss(
  views: BatchViews,
  { beta, gamma_beta_ratio: ratio, gamma = ratio * beta }: SimpoConfig,
): LossResult {
  // Filler rows have no tokens: a length of 1 keeps them finite, and their weight is 0.
  const perToken = div(views.policy.logps.sums, maximum(views.completionLengths, 1)); // [B, 2]
  const { chosen, rejected } = pairOf(views, mul(perToken, beta));
  const logits = sub(sub(chosen, rejected), gamma); // [B]
  return {
    loss: views.meanOverRows(neg(logSigmoid(logits))),
    metrics: rewardMetrics(views, chosen, rejected),
  };
}
