import { add, mul, type Tensor } from '@tether/graph';
import { rewardMetrics, type BatchViews, type LossResult } from '@tether/core';
import type { DpoConfig, DpoOptions } from './config.ts';
import { LOSSES, type LossType } from './losses/index.ts';
import { pairValues } from './pairValues.ts';

/** Losses and their weights; one loss has the weight 1 unless it is given another. */
const weighted = ({ loss_type: types, loss_weights: weights }: DpoConfig): (readonly [LossType, number])[] =>
  [types].flat().map((type, index) => [type, weights?.[index] ?? 1]);

/**
 * A loss of the DPO family, or a weighted sum of several, with TRL's reward metrics: rewards are β·Δ with
 * Δ = log π(y|x) − log π_ref(y|x), whatever the loss.
 */
export function dpoLoss(views: BatchViews, config: DpoConfig): LossResult {
  const losses = weighted(config);
  const values = pairValues(views, config);
  const terms = losses.map(([type, weight]) => [type, weight, LOSSES[type].loss(values, config)] as const);
  const parts: [string, Tensor][] = terms.length === 1 ? [] : terms.map(([type, , loss]) => [`loss/${type}`, loss]);
  return {
    loss: terms
      .map(([, weight, loss]) => (weight === 1 ? loss : mul(loss, weight)))
      .reduce((total, term) => add(total, term)),
    metrics: { ...rewards(views, values.logRatios, config), ...Object.fromEntries(parts) },
  };
}

const rewards = (
  views: BatchViews,
  { chosen, rejected }: { readonly chosen: Tensor; readonly rejected: Tensor },
  { beta }: Pick<DpoOptions, 'beta'>,
): NonNullable<LossResult['metrics']> => rewardMetrics(views, mul(chosen, beta), mul(rejected, beta));
