import { cast, less, sub, type Tensor } from '@tether/graph';
import type { BatchViews, Metrics } from '../contracts/index.ts';

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
