import {
  add,
  and,
  cast,
  cos,
  div,
  equal,
  iota,
  less,
  log,
  matmul,
  mul,
  neg,
  or,
  randomBits,
  reduceSum,
  reshape,
  sqrt,
  stopGradient,
  sub,
  transpose,
  type Tensor,
} from '@tether/graph';
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

/** Place of each of x [N, K, P] in ascending order along the last axis; positions that do not count come last. */
function ranks(x: Tensor, isMasked: Tensor): Tensor {
  const [sequences, count, length] = x.shape as readonly [number, number, number];
  const column = (values: Tensor): Tensor => reshape(values, [...values.shape, 1]);
  const row = (values: Tensor): Tensor => reshape(values, [...values.shape.slice(0, -1), 1, length]);
  const index = iota([length], 0);
  const earlier = less(row(index), column(index)); // [P, P]: ties keep their order
  const before = or(less(row(x), column(x)), and(equal(row(x), column(x)), earlier)); // [N, K, P, P]
  const masked = reshape(isMasked, [sequences, 1, length]);
  const first = or(less(row(masked), column(masked)), and(equal(row(masked), column(masked)), before));
  return reshape(reduceSum(cast(first, 'f32'), [3]), [sequences, count, length]);
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
  const isMasked = sub(1, mask);
  const place = (values: Tensor): Tensor => ranks(stopGradient(values), isMasked);
  const matches = equal(
    reshape(place(x), [sequences, count, length, 1]),
    reshape(place(y), [sequences, count, 1, length]),
  ); // [N, K, P, P], one a row
  const partner = reduceSum(mul(cast(matches, 'f32'), reshape(y, [sequences, count, 1, length])), [3]);
  const gap = add(x, neg(partner)); // [N, K, P]
  const weights = reshape(weightsOf(mask), [sequences, 1, length]);
  return mul(reduceSum(mul(mul(gap, gap), weights), [1, 2]), 1 / count);
}
