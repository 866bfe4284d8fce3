import { reshape, sliceAxis, type Tensor } from '@tether/graph';
import type { BatchViews, MismatchedViews, ModelViews, PenaltyContext, WeightViews } from '../contracts/index.ts';

/** One side of x [B, S, …] → [B, …]; side 0 is chosen, side 1 rejected. */
export function sideOf(x: Tensor, side: 0 | 1): Tensor {
  const [rows, , ...rest] = x.shape;
  return reshape(sliceAxis(x, 1, side, side + 1), [rows!, ...rest]);
}

/** Chosen and rejected halves of x [B, 2, …]. Throws where the batch has single completions. */
export function pairOf(views: BatchViews, x: Tensor): { readonly chosen: Tensor; readonly rejected: Tensor } {
  if (views.sides !== 2)
    throw new Error('this plugin compares chosen with rejected, but the data has single completions');
  return { chosen: sideOf(x, 0), rejected: sideOf(x, 1) };
}

/** The reference's views. Throws where the plugin did not declare that it needs them. */
export function requireReference(views: BatchViews): ModelViews {
  if (views.reference === undefined) {
    throw new Error('a plugin reads the reference without declaring it: add it to what `needs` returns');
  }
  return views.reference;
}

/** Completions under other prompts. Throws where the plugin did not declare that it needs them. */
export function requireMismatched({ mismatched }: BatchViews): MismatchedViews {
  if (mismatched === undefined) {
    throw new Error('a plugin reads mismatched completions without declaring "mismatchedLogps" in its needs');
  }
  return mismatched;
}

/** The trained weights. Throws where the regularizer did not declare that it needs them. */
export function requireWeights({ key, weights }: Pick<PenaltyContext<unknown>, 'key' | 'weights'>): WeightViews {
  if (weights === undefined) throw new Error(`${key} reads the weights without declaring "weights" in its needs`);
  return weights;
}
