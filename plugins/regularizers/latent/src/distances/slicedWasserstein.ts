import {
  add,
  cast,
  cos,
  div,
  log,
  matmul,
  mul,
  randomBits,
  reduceSum,
  reshape,
  sqrt,
  sub,
  transpose,
  type Tensor,
} from '@tether/graph';
import { sameRank } from '@tether/core';
import type { SlicedWassersteinConfig } from '../config.ts';
import type { Sequences } from '../sequences.ts';
import { weightsOf } from './masked.ts';

const WORDS = 2 ** 24; // values of `randomBits`

/** Standard normal numbers (Box & Muller 1958). */
function normal(seed: Tensor, shape: readonly number[], stream: number): Tensor {
  const uniform = (draw: number): Tensor =>
    mul(add(cast(randomBits(seed, shape, 2 * stream + draw), 'f32'), 0.5), 1 / WORDS); // in (0, 1)
  return mul(sqrt(mul(log(uniform(0)), -2)), cos(mul(uniform(1), 2 * Math.PI)));
}

/** Unit vectors, uniform on the sphere: [H, K]. */
function directions(seed: Tensor, hidden: number, count: number): Tensor {
  const vectors = normal(seed, [hidden, count], 0);
  return div(vectors, sqrt(reduceSum(mul(vectors, vectors), [0], true)));
}

/**
 * Squared sliced Wasserstein-2 distance (Bonneel et al. 2015) between the policy's states of a sequence and the
 * reference's, [N]: the mean over random directions of the squared differences of both sorted projections.
 */
export function slicedWassersteinDistance(
  { policy, reference, mask }: Sequences,
  { directions: count }: SlicedWassersteinConfig,
  seed: Tensor,
): Tensor {
  const [sequences, length, hidden] = policy.shape as readonly [number, number, number];
  const vectors = directions(seed, hidden, count);
  const project = (states: Tensor): Tensor =>
    transpose(
      reshape(matmul(reshape(states, [sequences * length, hidden]), vectors), [sequences, length, count]),
      [0, 2, 1],
    ); // [N, K, P]
  const [x, y] = [project(policy), project(reference)];
  const partner = sameRank(x, y, reshape(mask, [sequences, 1, length]));
  const gap = sub(x, partner); // [N, K, P]
  const weights = reshape(weightsOf(mask), [sequences, 1, length]);
  return mul(reduceSum(mul(mul(gap, gap), weights), [1, 2]), 1 / count);
}
