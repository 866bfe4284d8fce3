import {
  add,
  cast,
  div,
  exp,
  less,
  matmul,
  maximum,
  mul,
  neg,
  reduceSum,
  reshape,
  stopGradient,
  sub,
  type Tensor,
} from '@tether/graph';
import type { MmdConfig } from '../config.ts';
import type { Sequences } from '../sequences.ts';
import { weightsOf } from './masked.ts';

/** ‖a_i − b_j‖² of states [N, P, H] → [N, P, P]. */
function squaredDistances(a: Tensor, b: Tensor): Tensor {
  const [sequences, length] = a.shape as readonly [number, number];
  const squares = (x: Tensor): Tensor => reduceSum(mul(x, x), [2]); // [N, P]
  const lengths = add(reshape(squares(a), [sequences, length, 1]), reshape(squares(b), [sequences, 1, length]));
  return maximum(sub(lengths, mul(matmul(a, b, { transposeB: true }), 2)), 0);
}

/**
 * Squared maximum mean discrepancy (Gretton et al. 2012, eq. 5, the biased estimate) between the policy's states of a
 * sequence and the reference's, [N], with Gaussian kernels exp(−d²/(s·σ²)). σ² is the mean of d² over all pairs of the
 * joined sample, without gradient. A single position has no spread that a distance could be measured by (σ² would be
 * d²/2 itself, and the kernel a constant): its discrepancy is 0.
 */
export function mmdDistance({ policy, reference, mask }: Sequences, { bandwidths }: MmdConfig): Tensor {
  const weights = weightsOf(mask);
  const [sequences, length] = weights.shape as readonly [number, number];
  const column = reshape(weights, [sequences, length, 1]);
  // Less what all states share, which may be far longer than the distances that would be lost in its roundoff.
  const shared = reduceSum(mul(reference, column), [1], true); // [N, 1, H]
  const [x, y] = [sub(policy, shared), sub(reference, shared)];
  const pairs = mul(column, reshape(weights, [sequences, 1, length])); // [N, P, P]
  const mean = (x: Tensor): Tensor => reduceSum(mul(x, pairs), [1, 2]); // over pairs of positions, → [N]
  const within = squaredDistances(x, x);
  const across = squaredDistances(x, y);
  const base = squaredDistances(y, y);
  // A quarter of the pairs of the joined sample are within each model, half across.
  const average = mul(add(add(mean(within), mean(base)), mul(mean(across), 2)), 0.25);
  const width = reshape(stopGradient(maximum(average, 1e-12)), [sequences, 1, 1]);
  const terms = bandwidths.map((multiple) => {
    const kernel = (squares: Tensor): Tensor => mean(exp(neg(div(squares, mul(width, multiple)))));
    return sub(add(kernel(within), kernel(base)), mul(kernel(across), 2));
  });
  const discrepancy = terms.reduce((total, term) => add(total, term));
  const hasSpread = cast(less(1, reduceSum(mask, [1])), 'f32'); // [N]
  return mul(mul(discrepancy, hasSpread), 1 / terms.length);
}
