import {
  labelLogProb,
  mul,
  readVocabulary,
  reduceSum,
  reshape,
  scope,
  stopGradient,
  type DivergenceKind,
  type ReadModel,
  type Tensor,
} from '@tether/graph';
import type { BatchViews, ModelViews } from '../contracts/index.ts';
import type { BatchInputs } from './batchInputs.ts';

/** Views of both models, and how far apart their next-token distributions are. */
export interface ComparedViews {
  readonly policy: ModelViews;
  readonly reference: ModelViews | undefined;
  readonly divergence: BatchViews['divergence'];
}

export interface CompareOptions {
  readonly kinds: readonly DivergenceKind[];
  /** The reference's log-probabilities are given: they need not be computed. */
  readonly hasReferenceLogps: boolean;
}

const undeclared = (kind: DivergenceKind): never => {
  throw new Error(`a plugin reads the ${kind} divergence without declaring "divergence/${kind}" in its needs`);
};

/**
 * Adds divergences to the views. The pass over the vocabulary that gives them gives the log-probabilities as well, so that
 * both models' logits, and the policy's gradient through its head, are computed once for all of it.
 */
export function withDivergences(
  policy: ModelViews,
  reference: ModelViews | undefined,
  batch: BatchInputs,
  { kinds, hasReferenceLogps }: CompareOptions,
): ComparedViews {
  if (kinds.length === 0 || reference === undefined) return { policy, reference, divergence: undeclared };
  return scope('head', () => {
    const readings = readVocabulary(readModelOf(policy), readModelOf(reference), kinds);
    const compared = { policy: withLogps(policy, readings.policyTotal, batch) };
    return {
      ...compared,
      reference: hasReferenceLogps ? reference : frozenLogps(withLogps(reference, readings.referenceTotal, batch)),
      divergence: (kind) =>
        kinds.includes(kind) ? reshape(readings.divergence(kind), batch.completionMask.shape) : undeclared(kind),
    };
  });
}

/** Predictor states [B, S, C, H] in one list [B·S·C, H]. */
function readModelOf({ head, predictorStates }: ModelViews): ReadModel {
  const [rows, sides, length, hidden] = predictorStates.shape as readonly [number, number, number, number];
  return { head, states: reshape(predictorStates, [rows * sides * length, hidden]) };
}

/** The views with log-probabilities from log Σ exp of the logits [B·S·C]. */
function withLogps(views: ModelViews, total: Tensor, { labels, completionMask }: BatchInputs): ModelViews {
  const { states } = readModelOf(views);
  const logps = labelLogProb(views.head.labelLogits(states, reshape(labels, total.shape)), total);
  const tokens = mul(reshape(logps, completionMask.shape), completionMask);
  return { ...views, logps: { tokens, sums: reduceSum(tokens, [2]) } };
}

const frozenLogps = (views: ModelViews): ModelViews => ({
  ...views,
  logps: { tokens: stopGradient(views.logps.tokens), sums: stopGradient(views.logps.sums) },
});
