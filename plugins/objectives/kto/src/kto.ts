import {
  add,
  cast,
  constant,
  div,
  less,
  maximum,
  mul,
  neg,
  reduceSum,
  reshape,
  sigmoid,
  stopGradient,
  sub,
  type Tensor,
} from '@tether/graph';
import {
  pairOf,
  requireMismatched,
  requireReference,
  rewardMetrics,
  type BatchViews,
  type LossResult,
} from '@tether/core';
import type { KtoConfig } from './config.ts';

/** One number per row for each side, [B]. */
interface Pair {
  readonly chosen: Tensor;
  readonly rejected: Tensor;
}

/** max(0, mean of the log-ratios over the rows that have this side), without gradient. Of this forward's rows alone. */
function divergence(logRatios: Tensor, present: Tensor): Tensor {
  const mean = div(reduceSum(mul(logRatios, present)), maximum(reduceSum(present), 1));
  return stopGradient(maximum(mean, 0));
}

/** z of each side: what its log-ratios are compared with. */
type Estimate = (logRatios: Pair, present: Pair, views: BatchViews) => Pair;

const ESTIMATES: Readonly<Record<KtoConfig['kl_estimate'], Estimate>> = {
  mismatched(_logRatios, _present, views) {
    const { policy, reference, lengths } = requireMismatched(views);
    const isReal = reshape(views.rowWeight, [policy.shape[0]!, 1]);
    const present = mul(cast(less(0, lengths), 'f32'), isReal); // [B, 2]
    const point = divergence(sub(policy, reference), present);
    return { chosen: point, rejected: point };
  },
  opposite: (logRatios, present) => ({
    chosen: divergence(logRatios.rejected, present.rejected),
    rejected: divergence(logRatios.chosen, present.chosen),
  }),
  none: () => ({ chosen: constant(0), rejected: constant(0) }),
};

/** The losses of desirable and undesirable completions, each [B]. */
function ktoTerms(logRatios: Pair, points: Pair, { beta }: Pick<KtoConfig, 'beta'>): Pair {
  // 1 − σ(x) = σ(−x)
  return {
    chosen: sigmoid(neg(mul(sub(logRatios.chosen, points.chosen), beta))),
    rejected: sigmoid(neg(mul(sub(points.rejected, logRatios.rejected), beta))),
  };
}

/**
 * Kahneman-Tversky optimization (Ethayarajh et al. 2024, eqs. 7 and 8): λ_D·(1 − σ(β·(Δ − z))) for desirable completions and
 * λ_U·(1 − σ(β·(z − Δ))) for undesirable ones, with Δ = log π(y|x) − log π_ref(y|x).
 *
 * A row's loss is the mean over the sides that it has: a side without tokens is absent, which is how data with one
 * completion and a label per row is laid out.
 */
export function ktoLoss(views: BatchViews, config: KtoConfig): LossResult {
  const reference = requireReference(views);
  const logRatios = pairOf(views, sub(views.policy.logps.sums, reference.logps.sums));
  const present = pairOf(views, cast(less(0, views.completionLengths), 'f32'));
  const real = { chosen: mul(present.chosen, views.rowWeight), rejected: mul(present.rejected, views.rowWeight) };
  const points = ESTIMATES[config.kl_estimate](logRatios, real, views);
  const losses = ktoTerms(logRatios, points, config);
  const total = add(
    mul(mul(losses.chosen, present.chosen), config.desirable_weight),
    mul(mul(losses.rejected, present.rejected), config.undesirable_weight),
  );
  const sides = maximum(add(present.chosen, present.rejected), 1);
  return {
    loss: views.meanOverRows(div(total, sides)),
    metrics: rewardMetrics(views, mul(logRatios.chosen, config.beta), mul(logRatios.rejected, config.beta)),
    gauges: { 'kl/chosen': points.chosen, 'kl/rejected': points.rejected },
  };
}
