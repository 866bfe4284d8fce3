import { div, matmul, maximum, mul, reduceSum, reshape, sqrt, stopGradient, type Tensor } from '@tether/graph';

/** Singular-vector estimates of a matrix [out, in]. */
export interface SingularVectors {
  readonly u: Tensor; // [out]
  readonly v: Tensor; // [in]
}

const column = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, 1]);

/** x / max(‖x‖, 1e-12). */
const normalized = (x: Tensor): Tensor => div(x, maximum(sqrt(reduceSum(mul(x, x))), 1e-12));

/** One power iteration: v ← Wᵀu/‖Wᵀu‖, then u ← Wv/‖Wv‖ (Miyato et al. 2018, algorithm 1), outside the gradient. */
export function powerIteration(weight: Tensor, { u }: SingularVectors): SingularVectors {
  const fixed = stopGradient(weight);
  const v = normalized(matmul(fixed, column(u), { transposeA: true })); // [in, 1]
  const next = normalized(matmul(fixed, v)); // [out, 1]
  return { u: reshape(next, [weight.shape[0]!]), v: reshape(v, [weight.shape[1]!]) };
}

/** The largest singular value σ = uᵀWv → scalar; the gradient flows through W only. */
export function singularValue(weight: Tensor, { u, v }: SingularVectors): Tensor {
  const image = matmul(weight, column(stopGradient(v))); // [out, 1]
  return reduceSum(mul(image, column(stopGradient(u))));
}
