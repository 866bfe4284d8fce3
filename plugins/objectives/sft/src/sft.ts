import { chosenNll, type BatchViews, type LossResult } from '@tether/core';

/**
 * Supervised fine-tuning: the mean negative log-likelihood per token of the (chosen) completions. A token mean over the
 * whole optimizer batch, so long completions weigh more than short ones, as in TRL.
 */
export const sftLoss = (views: BatchViews): LossResult => ({ loss: chosenNll(views) });
