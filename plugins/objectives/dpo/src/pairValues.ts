import { add, cast, iota, less, maximum, minimum, mul, reduceSum, reshape, sub, type Tensor } from '@tether/graph';
import { chosenNll, pairOf, requireReference, type BatchViews, type Pair, type SequenceLogps } from '@tether/core';
import type { DpoOptions } from './config.ts';
import { score } from './fDivergence.ts';
import type { PairValues } from './losses/pair.ts';
import { pairWeights } from './weighting.ts';

/** 1 at the first tokens of a completion, as many as the shorter side of its pair has; α behind, [B, 2, C]. */
function lengthWeights(views: BatchViews, alpha: number): Tensor {
  const { chosen, rejected } = pairOf(views, views.completionLengths);
  const shared = reshape(minimum(chosen, rejected), [chosen.shape[0]!, 1, 1]);
  const place = cast(iota(views.completionMask.shape, 2), 'f32');
  const isShared = cast(less(place, shared), 'f32');
  return add(mul(isShared, 1 - alpha), alpha);
}

/** Σ over tokens of log p, as LD-DPO weighs them (Liu et al. 2024). */
function sequenceLogps(views: BatchViews, logps: SequenceLogps, alpha: number | undefined): Pair {
  const sums = alpha === undefined ? logps.sums : reduceSum(mul(logps.tokens, lengthWeights(views, alpha)), [2]);
  return pairOf(views, sums);
}

const both = (f: (of: keyof Pair) => Tensor): Pair => ({ chosen: f('chosen'), rejected: f('rejected') });

/** Everything that the losses of the family read of a batch. */
export function pairValues(views: BatchViews, options: DpoOptions): PairValues {
  const policy = sequenceLogps(views, views.policy.logps, options.ld_alpha);
  const reference = sequenceLogps(views, requireReference(views).logps, options.ld_alpha);
  const logRatios = both((side) => sub(policy[side], reference[side]));
  const weights = options.use_weighting ? pairWeights(views) : undefined;
  return {
    policy,
    reference,
    logRatios,
    scores: both((side) => score(logRatios[side], options.f_divergence_type, options.f_alpha_divergence_coef)),
    lengths: pairOf(views, maximum(views.completionLengths, 1)), // only the side that an unpaired row lacks is empty
    rowWeight: views.rowWeight,
    mean: (x) => views.meanOverRows(weights === undefined ? x : mul(x, weights)),
    chosenNll: () => chosenNll(views),
  };
}
