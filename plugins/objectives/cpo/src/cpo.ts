import { add, exp, maximum, mul, sub, type Tensor } from '@tether/graph';
import {
  chosenNll,
  logpsPerToken,
  pairOf,
  rewardMetrics,
  smoothedLogistic,
  type BatchViews,
  type LossResult,
} from '@tether/core';
import type { CpoConfig, LossType } from './config.ts';

/** The difference d of unscaled rewards [B] → loss [B]. */
const LOSSES: Readonly<Record<LossType, (difference: Tensor, config: CpoConfig) => Tensor>> = {
  sigmoid: (d, { beta, label_smoothing: smoothing }) => smoothedLogistic(mul(d, beta), smoothing),
  hinge: (d, { beta }) => maximum(sub(1, mul(d, beta)), 0),
  ipo: (d, { beta }) => {
    const gap = sub(d, 1 / (2 * beta));
    return mul(gap, gap);
  },
  simpo: (d, { beta, simpo_gamma: gamma, label_smoothing: smoothing }) =>
    smoothedLogistic(sub(mul(d, beta), gamma), smoothing),
};

/** Losses whose rewards are means per token; the others' are sums. */
const PER_TOKEN: ReadonlySet<LossType> = new Set<LossType>(['ipo', 'simpo']);

/** (1 − p^(−α))/α from log p (Gupta et al. 2025, AlphaPO), whose limit at α = 0 is log p. */
const shaped = (logp: Tensor, alpha: number): Tensor =>
  alpha === 0 ? logp : mul(sub(1, exp(mul(logp, -alpha))), 1 / alpha);

/**
 * Contrastive preference optimization (Xu et al. 2024, eq. 3): −log σ(β·(log π(y⁺) − log π(y⁻))) plus cpo_alpha times
 * the negative log-likelihood of the chosen completions. It has no reference.
 */
export function cpoLoss(views: BatchViews, config: CpoConfig): LossResult {
  const logps = PER_TOKEN.has(config.loss_type) ? logpsPerToken(views) : views.policy.logps.sums; // [B, 2]
  const { chosen, rejected } = pairOf(views, shaped(logps, config.alpha));
  const preference = views.meanOverRows(LOSSES[config.loss_type](sub(chosen, rejected), config));
  const nll = chosenNll(views);
  return {
    loss: config.cpo_alpha === 0 ? preference : add(preference, mul(nll, config.cpo_alpha)),
    metrics: { ...rewardMetrics(views, mul(chosen, config.beta), mul(rejected, config.beta)), nll_loss: nll },
  };
}
