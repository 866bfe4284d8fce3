import { concat, reshape, sliceAxis, type Tensor } from '@tether/graph';
import type { BatchViews, MismatchedViews, ModelViews, PenaltyContext, WeightViews } from '../contracts/index.ts';

/** One side of x [B, S, …] → [B, …]; side 0 is chosen, side 1 rejected. */
export function sideOf(x: Tensor, side: 0 | 1): Tensor {
  const [rows, , ...rest] = x.shape;
  return reshape(sliceAxis(x, 1, side, side + 1), [rows!, ...rest]);
}

/** Something of each side, such as one number per row, [B]. */
export interface Pair {
  readonly chosen: Tensor;
  readonly rejected: Tensor;
}

/** Chosen and rejected halves of x [B, 2, …]. Throws where the batch has single completions. */
export function pairOf({ sides }: Pick<BatchViews, 'sides'>, x: Tensor): Pair {
  if (sides !== 2) throw new Error('this plugin compares chosen with rejected, but the data has single completions');
  return { chosen: sideOf(x, 0), rejected: sideOf(x, 1) };
}

/** The inverse of `pairOf` for one number per row: two of [B] → [B, 2]. */
export function stackPair({ chosen, rejected }: Pair): Tensor {
  const column = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, 1]);
  return concat([column(chosen), column(rejected)], 1);
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
