import { logSigmoid, mul, neg, sub } from '@tether/graph';
import { logpsPerToken, pairOf, rewardMetrics, type BatchViews, type LossResult } from '@tether/core';
import type { SimpoConfig } from './config.ts';

/**
 * Simple preference optimization (Meng et al. 2024, eq. 6): −log σ(β·(m⁺ − m⁻) − γ), where m is the mean
 * log-probability per completion token and γ = gamma_beta_ratio · β, or given itself. It has no reference.
 */
export function simpoLoss(
  views: BatchViews,
  { beta, gamma_beta_ratio: ratio, gamma = ratio * beta }: SimpoConfig,
): LossResult {
  const { chosen, rejected } = pairOf(views, mul(logpsPerToken(views), beta));
  const logits = sub(sub(chosen, rejected), gamma); // [B]
  return {
    loss: views.meanOverRows(neg(logSigmoid(logits))),
    metrics: rewardMetrics(views, chosen, rejected),
  };
}
