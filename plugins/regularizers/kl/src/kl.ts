import { add, exp, mul, neg, sub, type DivergenceKind, type Tensor } from '@tether/graph';
import { requireReference, type BatchViews, type LossResult, type PenaltyContext } from '@tether/core';
import type { Estimator, KlConfig } from './config.ts';

type SampledEstimator = Exclude<Estimator, DivergenceKind>;

const FULL: Readonly<Record<DivergenceKind, true>> = { reverse: true, forward: true, 'jensen-shannon': true };
export const isFullDistribution = (estimator: Estimator): estimator is DivergenceKind => estimator in FULL;

/** Estimators from d = log π(token) − log ref(token) at the data's tokens (Schulman 2020); [B, S, C] → [B, S, C]. */
const SAMPLED: Readonly<Record<SampledEstimator, (d: Tensor) => Tensor>> = {
  k1: (d) => d,
  k2: (d) => mul(mul(d, d), 0.5),
  k3: (d) => add(sub(exp(neg(d)), 1), d),
};

/** Mean divergence per completion token, over both sides. */
export function klPenalty({ key, views, config }: PenaltyContext<KlConfig>): LossResult {
  const { estimator } = config;
  const perToken = isFullDistribution(estimator) ? views.divergence(estimator) : sampled(views, estimator);
  const loss = views.meanOverTokens(perToken);
  return { loss, metrics: { [`${key}/${estimator}`]: loss } };
}

function sampled(views: BatchViews, estimator: SampledEstimator): Tensor {
  return SAMPLED[estimator](sub(views.policy.logps.tokens, requireReference(views).logps.tokens));
}
