import { neg, type Tensor } from '@tether/graph';
import { chosenNll, logpsPerToken, sideOf, type BatchViews, type LossResult, type PenaltyContext } from '@tether/core';
import type { NllConfig } from './config.ts';

const NLL: Readonly<Record<NllConfig['mean'], (views: BatchViews) => Tensor>> = {
  tokens: chosenNll,
  completions: (views) => views.meanOverSide(neg(sideOf(logpsPerToken(views), 0)), 0),
};

/** The negative log-likelihood of the chosen completions (Pang et al. 2024, eq. 1: the NLL term of DPO + NLL). */
export const nllPenalty = ({ views, config }: PenaltyContext<NllConfig>): LossResult => ({
  loss: NLL[config.mean](views),
});
