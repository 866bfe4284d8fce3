import { add, div, logSigmoid, maximum, mul, neg, type Tensor } from '@tether/graph';
import type { BatchViews } from '../contracts/index.ts';
import { sideOf } from './sides.ts';

/** Mean over all chosen tokens of the optimizer batch of −log π → scalar; of single completions over all of theirs. */
export const chosenNll = (views: BatchViews): Tensor =>
  views.meanOverSideTokens(neg(sideOf(views.policy.logps.tokens, 0)), 0);

/** The policy's mean log-probability per token of each completion, [B, S]; 0 for the side that an unpaired row lacks. */
export const logpsPerToken = ({ policy, completionLengths }: BatchViews): Tensor =>
  div(policy.logps.sums, maximum(completionLengths, 1));

/**
 * −(1 − ε)·log σ(x) − ε·log σ(−x): the logistic loss of logits x, with conservative label smoothing (Mitchell 2023),
 * elementwise.
 */
export function smoothedLogistic(logit: Tensor, smoothing: number): Tensor {
  const agreeing = mul(logSigmoid(logit), smoothing - 1);
  return smoothing === 0 ? agreeing : add(agreeing, mul(logSigmoid(neg(logit)), -smoothing));
}
