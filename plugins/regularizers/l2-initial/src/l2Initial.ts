import { add, constant, mul, reduceSum, sizeOf, sqrt, sub } from '@tether/graph';
import { requireWeights, type LossResult, type PenaltyContext } from '@tether/core';
import type { L2InitialConfig } from './config.ts';

/** What the sum of squares over n weights is multiplied with. */
const SCALES: Readonly<Record<L2InitialConfig['reduction'], (weights: number) => number>> = {
  sum: () => 0.5,
  mean: (weights) => 1 / weights,
};

/**
 * L2-SP (Li et al. 2018, eq. 2): ½·‖θ − θ₀‖² over the trained weights θ, whose initial values are θ₀. It does not depend
 * on the batch: each micro-batch counts by its share of the rows, so that they add up to it once.
 */
export function l2InitialPenalty(context: PenaltyContext<L2InitialConfig>): LossResult {
  const { key, views, config } = context;
  const { trained, initial } = requireWeights(context);
  const changes = Object.entries(trained).map(([name, weight]) => sub(weight, initial[name]!));
  const squares = changes.map((change) => reduceSum(mul(change, change))).reduce((total, square) => add(total, square));
  const count = changes.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const share = views.meanOverRows(constant(1, 'f32', views.rowWeight.shape));
  return {
    loss: mul(mul(squares, SCALES[config.reduction](count)), share),
    gauges: { [`${key}/distance`]: sqrt(squares) },
  };
}
