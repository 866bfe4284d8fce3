import { add, div, matmul, maximum, mul, reduceSum, reshape, sqrt, sub, type Tensor } from '@tether/graph';
import type { Sequences } from '../sequences.ts';
import { weightsOf } from './masked.ts';

/** Decides only where a sequence has one position, whose centered states are 0: the similarity is 1 then. */
const EPSILON = 1e-12;

/** Σ a·b over the last two axes, [N, P, P] → [N]. */
const product = (a: Tensor, b: Tensor): Tensor => reduceSum(mul(a, b), [1, 2]);

/** Gram matrix [N, P, P] of the states, centered over the positions that count and scaled to length 1. */
function gram(states: Tensor, mask: Tensor): Tensor {
  const [sequences, length] = mask.shape as readonly [number, number];
  const column = (x: Tensor): Tensor => reshape(x, [sequences, length, 1]);
  const mean = reduceSum(mul(states, column(weightsOf(mask))), [1], true); // [N, 1, H]
  const centered = mul(sub(states, mean), column(mask));
  const scale = reshape(sqrt(maximum(product(centered, centered), EPSILON ** 2)), [sequences, 1, 1]);
  const unit = div(centered, scale);
  return matmul(unit, unit, { transposeB: true });
}

/**
 * 1 − linear CKA (Kornblith et al. 2019, eq. 3) of the policy's states of a sequence and the reference's, [N]:
 * ‖XᵀY‖²/(‖XᵀX‖·‖YᵀY‖) of centered states, from Gram matrices of positions, since sequences are shorter than states are
 * wide. It does not see rotations and scales.
 */
export function ckaDistance({ policy, reference, mask }: Sequences): Tensor {
  const [x, y] = [gram(policy, mask), gram(reference, mask)];
  const norm = (matrix: Tensor): Tensor => sqrt(maximum(product(matrix, matrix), EPSILON ** 2));
  const similarity = div(add(product(x, y), EPSILON), add(mul(norm(x), norm(y)), EPSILON));
  return sub(1, similarity);
}
