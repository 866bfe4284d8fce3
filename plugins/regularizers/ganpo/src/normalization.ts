import { broadcast, concat, div, reshape, type Tensor } from '@tether/graph';
import type { NetworkTensors } from '@tether/core';
import type { SpectralLayer } from './networks.ts';
import { powerIteration, singularValue, type SingularVectors } from './spectralNorm.ts';

/** 1/σ of each spectrally normalized layer, one per sequence [N]. */
export type InverseSigma = Readonly<Record<SpectralLayer, Tensor>>;

const vectorsOf = (state: NetworkTensors, layer: SpectralLayer): SingularVectors => ({
  u: state[`${layer}.weight_u`]!,
  v: state[`${layer}.weight_v`]!,
});

/** Repeats scalars: value i over sizes[i] sequences → [Σ sizes]. */
const repeatEach = (values: readonly Tensor[], sizes: readonly number[]): Tensor =>
  concat(
    values.map((value, index) => broadcast(reshape(value, [1]), [sizes[index]!])),
    0,
  );

const eachLayer = <T>(make: (layer: SpectralLayer) => T): Record<SpectralLayer, T> => ({
  project: make('project'),
  head_hidden: make('head_hidden'),
  head_score: make('head_score'),
});

export interface TrainingSigmas {
  readonly inverseSigma: InverseSigma;
  /** The vectors after the last forward. */
  readonly vectors: NetworkTensors;
}

/**
 * For training forwards of `sizes` sequences in one batch: every forward has its own power iteration, as PyTorch's
 * `spectral_norm` does it.
 */
export function trainingSigmas(
  weights: NetworkTensors,
  state: NetworkTensors,
  sizes: readonly number[],
): TrainingSigmas {
  const vectors: Record<string, Tensor> = {};
  const inverseSigma = eachLayer((layer) => {
    const weight = weights[`${layer}.weight`]!;
    let last = vectorsOf(state, layer);
    const inverses = sizes.map(() => {
      last = powerIteration(weight, last);
      return div(1, singularValue(weight, last));
    });
    vectors[`${layer}.weight_u`] = last.u;
    vectors[`${layer}.weight_v`] = last.v;
    return repeatEach(inverses, sizes);
  });
  return { inverseSigma, vectors };
}

/** For a forward without power iterations, as in evaluation, of `count` sequences. */
export const fixedSigmas = (weights: NetworkTensors, vectors: NetworkTensors, count: number): InverseSigma =>
  eachLayer((layer) =>
    repeatEach([div(1, singularValue(weights[`${layer}.weight`]!, vectorsOf(vectors, layer)))], [count]),
  );
