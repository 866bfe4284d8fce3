import { neg } from '@tether/graph';
import { sideOf, type BatchViews, type LossResult } from '@tether/core';

/**
 * Supervised fine-tuning: the mean negative log-likelihood per token of the (chosen) completions. A token mean over the
 * whole optimizer batch, so long completions weigh more than short ones, as in TRL.
 */
export function sftLoss(views: BatchViews): LossResult {
  return { loss: views.meanOverSideTokens(neg(sideOf(views.policy.logps.tokens, 0)), 0) };
}
