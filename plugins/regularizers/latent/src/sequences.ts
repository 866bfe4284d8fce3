import { reduceSum, reshape, mul, type Tensor } from '@tether/graph';
import { requireReference, type BatchViews, type Need } from '@tether/core';
import type { Positions } from './config.ts';

/** Hidden states of N sequences by both models, and which of their P positions count. */
export interface Sequences {
  readonly policy: Tensor; // [N, P, H]
  readonly reference: Tensor; // [N, P, H]
  /** [N, P], 1 at positions that count; a row that fills up a batch has none. */
  readonly mask: Tensor;
}

interface Choice {
  readonly needs: readonly Need[];
  read(views: BatchViews): Sequences; // with [B, S, P, H] and [B, S, P]
}

const CHOICES: Readonly<Record<Positions, Choice>> = {
  all: {
    needs: ['latents', 'referenceLatents'],
    read: (views) => ({
      policy: views.policy.latents,
      reference: requireReference(views).latents,
      mask: views.latentMask,
    }),
  },
  completion: {
    needs: ['referencePredictorStates'],
    read: (views) => ({
      policy: views.policy.predictorStates,
      reference: requireReference(views).predictorStates,
      mask: views.completionMask,
    }),
  },
};

export const needsOf = ({ positions }: { readonly positions: Positions }): readonly Need[] => CHOICES[positions].needs;

/** The mean over rows and sides of a distance between the two models' states of a sequence, [N] → scalar. */
export function meanDistance(
  views: BatchViews,
  { positions }: { readonly positions: Positions },
  distance: (sequences: Sequences) => Tensor,
): Tensor {
  const { policy, reference, mask } = CHOICES[positions].read(views);
  const [rows, sides, length, hidden] = policy.shape as readonly [number, number, number, number];
  const flat = (states: Tensor): Tensor => reshape(states, [rows * sides, length, hidden]);
  const distances = distance({
    policy: flat(policy),
    reference: flat(reference),
    mask: reshape(mask, [rows * sides, length]),
  });
  return views.meanOverRows(mul(reduceSum(reshape(distances, [rows, sides]), [1]), 1 / sides));
}
