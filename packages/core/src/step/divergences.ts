import {
  labelLogProb,
  readVocabulary,
  reshape,
  scope,
  type DivergenceKind,
  type ReadModel,
  type Tensor,
} from '@tether/graph';
import type { ModelViews, Need, SequenceLogps } from '../contracts/index.ts';
import type { BatchInputs } from './batchInputs.ts';
import { detachedLogps, flatLabels, flatStates, sequenceLogps, type ComparedViews } from './buildViews.ts';
import { neededDivergences } from './definition.ts';

export interface CompareOptions {
  /** What the plugins of the run need; which divergences there are. */
  readonly needs: ReadonlySet<Need>;
  /** The reference's log-probabilities are given: they need not be computed. */
  readonly hasReferenceLogps: boolean;
}

const missing = (kind: DivergenceKind): never => {
  throw new Error(`the ${kind} divergence is not computed: no plugin declares "divergence/${kind}" in its needs`);
};

/**
 * Adds divergences to the views. The pass over the vocabulary that gives divergences
 * gives the log-probabilities as well, so that both models' logits, and the policy's gradient through its head, are
 * computed once for all of it.
 */
export function compareViews(
  policy: ModelViews,
  reference: ModelViews | undefined,
  batch: BatchInputs,
  { needs, hasReferenceLogps }: CompareOptions,
): ComparedViews {
  const kinds = neededDivergences(needs);
  if (kinds.length === 0 || reference === undefined) {
    return { policy, reference, divergence: missing };
  }
  return scope('head', () => {
    const readings = readVocabulary(readModelOf(policy), readModelOf(reference), kinds);
    const referenceLogps = hasReferenceLogps
      ? reference.logps
      : detachedLogps(logpsOf(reference, readings.referenceTotal, batch));
    return {
      policy: { ...policy, logps: logpsOf(policy, readings.policyTotal, batch) },
      reference: { ...reference, logps: referenceLogps },
      divergence: (kind) =>
        kinds.includes(kind) ? reshape(readings.divergence(kind), batch.completionMask.shape) : missing(kind),
    };
  });
}

/** What `readVocabulary` reads: a model at its predictors of completion tokens, N = B·S·C. */
export const readModelOf = ({ head, predictorStates }: ModelViews): ReadModel => ({
  head,
  states: flatStates(predictorStates),
});

/** Log-probabilities from log Σ exp of the logits [N]. */
const logpsOf = ({ head, predictorStates }: ModelViews, total: Tensor, batch: BatchInputs): SequenceLogps =>
  sequenceLogps(labelLogProb(head.labelLogits(flatStates(predictorStates), flatLabels(batch)), total), batch);
