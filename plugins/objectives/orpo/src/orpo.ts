import { log, logSigmoid, minimum, mul, sub, tanh, type Tensor } from '@tether/graph';
import { chosenNll, logpsPerToken, pairOf, rewardMetrics, type BatchViews, type LossResult } from '@tether/core';
import type { OrpoConfig } from './config.ts';

/** log p of at most this: the odds of a certain completion are infinite. */
const NEARLY_CERTAIN = -1e-7;

/**
 * log(1 − eˣ) for x < 0. By eˣ − 1 = 2t/(1 − t) with t = tanh(x/2), which does not cancel near 0.
 */
function log1mExp(x: Tensor): Tensor {
  const t = tanh(mul(x, 0.5));
  return sub(log(mul(t, -2)), log(sub(1, t)));
}

/** log(p/(1 − p)) from log p. */
function logOdds(logp: Tensor): Tensor {
  const bounded = minimum(logp, NEARLY_CERTAIN);
  return sub(bounded, log1mExp(bounded));
}

/**
 * Odds ratio preference optimization (Hong et al. 2024, eqs. 6 and 7): NLL of the chosen − β·log σ(log odds(y⁺) − log odds(y⁻)),
 * where p of the odds p/(1 − p) is the geometric mean of a completion's token probabilities. It has no reference.
 */
export function orpoLoss(views: BatchViews, { beta }: OrpoConfig): LossResult {
  const { chosen, rejected } = pairOf(views, logpsPerToken(views));
  const gap = sub(logOdds(chosen), logOdds(rejected)); // [B]
  const ratio = views.meanOverRows(logSigmoid(gap));
  const nll = chosenNll(views);
  return {
    loss: sub(nll, mul(ratio, beta)),
    metrics: {
      ...rewardMetrics(views, mul(chosen, beta), mul(rejected, beta)),
      nll_loss: nll,
      log_odds_ratio: ratio,
      log_odds_chosen: views.meanOverRows(gap),
    },
  };
}
