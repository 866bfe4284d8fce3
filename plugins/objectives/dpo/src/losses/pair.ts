import type { Tensor } from '@tether/graph';
import type { Pair } from '@tether/core';
import type { DpoOptions } from '../config.ts';

/** What the losses of the family are made from. All of [B], over the tokens that `ld_alpha` lets count. */
export interface PairValues {
  /** log π(y|x) of the policy. */
  readonly policy: Pair;
  /** log π_ref(y|x). */
  readonly reference: Pair;
  /** Δ = log π(y|x) − log π_ref(y|x). */
  readonly logRatios: Pair;
  /** f′(π/π_ref) of the chosen f-divergence; Δ itself for the reverse KL. */
  readonly scores: Pair;
  /** Completion tokens, at least 1. */
  readonly lengths: Pair;
  /** 0 for rows that only fill a batch up. */
  readonly rowWeight: Tensor;
  /** Weighted mean of x [B] over the rows of the optimizer batch → scalar. */
  mean(x: Tensor): Tensor;
  /** −log π per token over all chosen tokens of the optimizer batch → scalar. */
  chosenNll(): Tensor;
}

/** A loss of the family → scalar. */
export type PairLoss = (values: PairValues, options: DpoOptions) => Tensor;
