import {
  chunkedLogSumExp,
  chunksOf,
  defaultChunk,
  div,
  exp,
  maximum,
  mul,
  reduceSum,
  reshape,
  stopGradient,
  sub,
  type Tensor,
} from '@tether/graph';
import { pairOf, type BatchViews, type ModelViews } from '@tether/core';

/** log Σ_v p_v² of the next-token distribution at each completion position, [B, S, C]. */
function logSumOfSquares({ head, predictorStates }: ModelViews): Tensor {
  const [rows, sides, length, hidden] = predictorStates.shape as readonly [number, number, number, number];
  const count = rows * sides * length;
  const states = reshape(stopGradient(predictorStates), [count, hidden]);
  const chunks = chunksOf(head.vocabularySize, defaultChunk(count));
  const logSum = (power: number): Tensor =>
    chunkedLogSumExp(chunks, ({ start, limit }) => mul(head.logits(states, start, limit), power)); // [B·S·C]
  return reshape(sub(logSum(2), mul(logSum(1), 2)), [rows, sides, length]);
}

/**
 * WPO's weight of each pair, [B], without gradient (Zhou et al. 2024, eq. 2, with the alignment of § 3.2): the product of
 * both sides' exp(mean over tokens of log p(y_t) − log Σ_v p_v²), 1 where the policy is as sure of the token as of its
 * own samples on average.
 */
export function pairWeights(views: BatchViews): Tensor {
  const aligned = mul(sub(views.policy.logps.tokens, logSumOfSquares(views.policy)), views.completionMask);
  const perToken = div(reduceSum(aligned, [2]), maximum(views.completionLengths, 1)); // [B, 2]
  const { chosen, rejected } = pairOf(views, stopGradient(exp(perToken)));
  return mul(chosen, rejected);
}
