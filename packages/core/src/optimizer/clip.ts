import { add, cast, div, globalNorm, minimum, mul, type Tensor } from '@tether/graph';

/** √Σ g² over all tensors, and the factor min(1, maxNorm / (norm + 1e-6)) of PyTorch's `clip_grad_norm_`. */
export function clipFactor(
  gradients: readonly Tensor[],
  maxNorm: number,
): { norm: Tensor; factor: Tensor | undefined } {
  const norm = globalNorm(gradients);
  return { norm, factor: maxNorm === 0 ? undefined : minimum(div(maxNorm, add(norm, 1e-6)), 1) };
}

/** Gradients times the factor, in f32; unchanged without one. */
export const applyClip = (gradient: Tensor, factor: Tensor | undefined): Tensor =>
  factor === undefined ? cast(gradient, 'f32') : mul(cast(gradient, 'f32'), factor);

/** The same factor on the host, from a norm that was read. */
export const hostClipFactor = (norm: number, maxNorm: number): number =>
  maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
