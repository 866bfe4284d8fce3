import {
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
  stackPair,
  unpairedRewardMetrics,
  type BatchViews,
  type LossResult,
  type Pair,
} from '@tether/core';
import type { KtoConfig } from './config.ts';

/** max(0, mean of the log-ratios over the completions that count), without gradient. Of this forward's rows alone. */
function divergence(logRatios: Tensor, counts: Tensor): Tensor {
  const mean = div(reduceSum(mul(logRatios, counts)), maximum(reduceSum(counts), 1));
  return stopGradient(maximum(mean, 0));
}

/** z of each side: what its log-ratios are compared with. `counts` is 1 for completions of real rows, [B, 2]. */
type Estimate = (logRatios: Tensor, counts: Tensor, views: BatchViews) => Pair;

const ESTIMATES: Readonly<Record<KtoConfig['kl_estimate'], Estimate>> = {
  mismatched(_logRatios, _counts, views) {
    const { policy, reference, lengths } = requireMismatched(views);
    const point = divergence(sub(policy, reference), ofRealRows(views, cast(less(0, lengths), 'f32')));
    return { chosen: point, rejected: point };
  },
  opposite(logRatios, counts, views) {
    const [ratios, present] = [pairOf(views, logRatios), pairOf(views, counts)];
    return {
      chosen: divergence(ratios.rejected, present.rejected),
      rejected: divergence(ratios.chosen, present.chosen),
    };
  },
  none: () => ({ chosen: constant(0), rejected: constant(0) }),
};

const ofRealRows = ({ rowWeight }: BatchViews, x: Tensor): Tensor => mul(x, reshape(rowWeight, [x.shape[0]!, 1]));

/** The losses of desirable and undesirable completions, each [B]. */
function ktoTerms(logRatios: Pair, points: Pair, { beta, desirable_weight, undesirable_weight }: KtoConfig): Pair {
  // 1 − σ(x) = σ(−x)
  return {
    chosen: mul(sigmoid(neg(mul(sub(logRatios.chosen, points.chosen), beta))), desirable_weight),
    rejected: mul(sigmoid(neg(mul(sub(points.rejected, logRatios.rejected), beta))), undesirable_weight),
  };
}

/**
 * Kahneman-Tversky optimization (Ethayarajh et al. 2024, eqs. 7 and 8): λ_D·(1 − σ(β·(Δ − z))) for desirable completions and
 * λ_U·(1 − σ(β·(z − Δ))) for undesirable ones, with Δ = log π(y|x) − log π_ref(y|x); the mean over all completions of the
 * optimizer batch. A pair is one of each, an unpaired row one of either.
 */
export function ktoLoss(views: BatchViews, config: KtoConfig): LossResult {
  const logRatios = sub(views.policy.logps.sums, requireReference(views).logps.sums); // [B, 2]
  const points = ESTIMATES[config.kl_estimate](logRatios, ofRealRows(views, views.present), views);
  const terms = ktoTerms(pairOf(views, logRatios), points, config);
  return {
    loss: views.meanOverCompletions(stackPair(terms)),
    partialMetrics: unpairedRewardMetrics(views, pairOf(views, mul(logRatios, config.beta))),
    gauges: { 'kl/chosen': points.chosen, 'kl/rejected': points.rejected },
  };
}
