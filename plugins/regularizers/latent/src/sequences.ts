import { reshape, type Tensor } from '@tether/graph';
import { latentsOf, requireReference, type BatchViews, type Need } from '@tether/core';
import type { StatesChoice } from './config.ts';

/** Hidden states of N sequences by both models, and which of their P positions count. */
export interface Sequences {
  readonly policy: Tensor; // [N, P, H]
  readonly reference: Tensor; // [N, P, H]
  /** [N, P], 1 at positions that count; a side that a row lacks has none. */
  readonly mask: Tensor;
}

interface Choice {
  readonly needs: readonly Need[];
  read(views: BatchViews, layers: readonly number[] | undefined): Sequences; // with [B, S, P, H] and [B, S, P]
}

const CHOICES: Readonly<Record<StatesChoice['positions'], Choice>> = {
  all: {
    needs: ['latents', 'referenceLatents'],
    read: (views, layers) => ({
      policy: latentsOf(views.policy, layers),
      reference: latentsOf(requireReference(views), layers),
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

export const needsOf = ({ positions }: StatesChoice): readonly Need[] => CHOICES[positions].needs;

/** The mean over completions of a distance between the two models' states of a sequence, [N] → scalar. */
export function meanDistance(
  views: BatchViews,
  { positions, latent_layers: layers }: StatesChoice,
  distance: (sequences: Sequences) => Tensor,
): Tensor {
  const { policy, reference, mask } = CHOICES[positions].read(views, layers);
  const [rows, sides, length, hidden] = policy.shape as readonly [number, number, number, number];
  const flat = (states: Tensor): Tensor => reshape(states, [rows * sides, length, hidden]);
  const distances = distance({
    policy: flat(policy),
    reference: flat(reference),
    mask: reshape(mask, [rows * sides, length]),
  });
  return views.meanOverCompletions(reshape(distances, [rows, sides]));
}
