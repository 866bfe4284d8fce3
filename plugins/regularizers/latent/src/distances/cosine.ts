import { div, maximum, mul, reduceSum, sqrt, sub, type Tensor } from '@tether/graph';
import type { Sequences } from '../sequences.ts';
import { tokenMean } from './masked.ts';

const dot = (a: Tensor, b: Tensor): Tensor => reduceSum(mul(a, b), [2]); // [N, P, H] → [N, P]

/** Mean over positions of 1 − cos(h, h_ref), [N]; from 0 (same direction) to 2 (opposite). */
export function cosineDistance({ policy, reference, mask }: Sequences): Tensor {
  const length = (x: Tensor): Tensor => sqrt(maximum(dot(x, x), 1e-24));
  const cosine = div(dot(policy, reference), mul(length(policy), length(reference)));
  return tokenMean(sub(1, cosine), mask);
}
