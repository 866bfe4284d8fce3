import { cast, less, sub, type Tensor } from '@tether/graph';
import type { BatchViews, Metrics, PartialMetrics } from '../contracts/index.ts';
import type { Pair } from './sides.ts';

/**
 * TRL's reward metrics from the implicit rewards [B] of both sides.
 * Accuracy counts rows whose chosen reward is strictly larger.
 */
export function rewardMetrics(views: BatchViews, chosen: Tensor, rejected: Tensor): Metrics {
  return {
    'rewards/chosen': views.meanOverRows(chosen),
    'rewards/rejected': views.meanOverRows(rejected),
    'rewards/margins': views.meanOverRows(sub(chosen, rejected)),
    'rewards/accuracies': views.meanOverRows(cast(less(rejected, chosen), 'f32')),
  };
}

/**
 * The same where rows may lack a side, as TRL's KTO has them: each side's mean over the rows that have it, and the
 * difference of these means. Accuracy is of the rows that have both.
 */
export function unpairedRewardMetrics(views: BatchViews, { chosen, rejected }: Pair): PartialMetrics {
  const means = { chosen: views.meanOverSide(chosen, 0), rejected: views.meanOverSide(rejected, 1) };
  return {
    chosen: { 'rewards/chosen': means.chosen },
    rejected: { 'rewards/rejected': means.rejected },
    bothSides: { 'rewards/margins': sub(means.chosen, means.rejected) },
    pairs: { 'rewards/accuracies': views.meanOverPairs(cast(less(rejected, chosen), 'f32')) },
  };
}
