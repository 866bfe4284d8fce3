import { div, maximum, neg, type Tensor } from '@tether/graph';
import { sideOf, type BatchViews, type LossResult, type PenaltyContext } from '@tether/core';
import type { NllConfig } from './config.ts';

const NLL: Readonly<Record<NllConfig['mean'], (views: BatchViews) => Tensor>> = {
  tokens: (views) => views.meanOverSideTokens(neg(sideOf(views.policy.logps.tokens, 0)), 0),
  completions: (views) => {
    const lengths = maximum(sideOf(views.completionLengths, 0), 1); // rows may lack this side
    return views.meanOverSide(neg(div(sideOf(views.policy.logps.sums, 0), lengths)), 0);
  },
};

/** The negative log-likelihood of the chosen completions (Pang et al. 2024, eq. 1: the NLL term of DPO + NLL). */
export const nllPenalty = ({ views, config }: PenaltyContext<NllConfig>): LossResult => ({
  loss: NLL[config.mean](views),
});
