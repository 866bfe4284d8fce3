import { abs, add, cast, div, exp, log, minimum, mul, neg, sigmoid, sqrt, sub } from '../operations/elementwise.ts';
import { constant } from '../operations/source.ts';
import { reduceMax } from '../operations/extrema.ts';
import { reduceSum, reshape } from '../operations/layout.ts';
import { stopGradient, withGradient } from '../operations/control.ts';
import type { Tensor } from '../tensor.ts';
import { sizeOf } from '../types.ts';

/**
 * log σ(x) = min(x, 0) − log(1 + exp(−|x|)), which neither overflows nor loses its sign.
 *
 * Its gradient σ(−x) is given by hand: the kinks of min and |·| cancel at 0, where a policy that still equals its
 * reference stands, and the rules of the parts would not know.
 */
export function logSigmoid(x: Tensor): Tensor {
  const value = sub(minimum(x, 0), log(add(exp(neg(abs(x))), 1)));
  return withGradient(value, [x], (g) => [mul(g, sigmoid(neg(x)))]);
}

/** log(1 + exp(x)) = −log σ(−x). */
export const softplus = (x: Tensor): Tensor => neg(logSigmoid(neg(x)));

/** Binary cross-entropy of a logit against a target in {0, 1}, elementwise: softplus(∓x). */
export const binaryCrossEntropy = (logits: Tensor, target: 0 | 1): Tensor =>
  target === 1 ? softplus(neg(logits)) : softplus(logits);

/** Mean over `axes` (all of them when absent). */
export function mean(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  const total = reduceSum(x, axes, keepDims);
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}

/** log Σ exp(x) over the last axis: [..., N] → [...]. */
export function logSumExp(x: Tensor): Tensor {
  const largest = stopGradient(reduceMax(x, [-1], true)); // [..., 1]
  const sums = log(reduceSum(exp(sub(x, largest)), [-1]));
  return add(sums, reshape(largest, sums.shape));
}

/** Euclidean norm of all elements of all tensors: √Σ x², 0 where there are none. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 0) return constant(0);
  const squares = tensors.map((tensor) => reduceSum(mul(cast(tensor, 'f32'), cast(tensor, 'f32'))));
  return sqrt(squares.reduce((total, square) => add(total, square)));
}

/** Σ x·mask / Σ mask over `axes`; the mask broadcasts and has at least one 1 along them. */
export function maskedMean(x: Tensor, mask: Tensor, axes: readonly number[]): Tensor {
  return div(reduceSum(mul(x, mask), axes), reduceSum(mask, axes));
}
