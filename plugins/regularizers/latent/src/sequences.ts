import { concat, reshape, type Tensor } from '@tether/graph';
import { requireReference, type BatchViews, type ModelViews, type Need } from '@tether/core';
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

/** Hidden states of one model over prompt and completion: the last layer's, or those of some layers side by side. */
const statesOf = (model: ModelViews, layers: readonly number[] | undefined): Tensor =>
  layers === undefined
    ? model.latents
    : concat(
        layers.map((layer) => model.layerLatents(layer)),
        3,
      );

const CHOICES: Readonly<Record<StatesChoice['positions'], Choice>> = {
  all: {
    needs: ['latents', 'referenceLatents'],
    read: (views, layers) => ({
      policy: statesOf(views.policy, layers),
      reference: statesOf(requireReference(views), layers),
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
