import { add, matmul, reshape, sizeOf, sliceAxis, type Tensor } from '@tether/graph';

/** A learned map of the last axis: x [..., I] → [..., O]. */
export type Projection = (x: Tensor) => Tensor;

/** x [..., I] · weightᵀ (+ bias) → [..., O], with weight [O, I] as Hugging Face stores it. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const lead = x.shape.slice(0, -1);
  const flat = reshape(x, [sizeOf(lead), x.shape.at(-1)!]); // [N, I]
  const product = matmul(flat, weight, { transposeB: true }); // [N, O]
  return reshape(bias === undefined ? product : add(product, bias), [...lead, weight.shape[0]!]);
}

/**
 * What low-rank adapters add to a linear map: (x · Aᵀ) · Bᵀ → [..., O], with A [r, I] and B [O, r] (Hu et al. 2021, eq. 3).
 * B comes with the scale in it.
 */
export const lowRank = (x: Tensor, a: Tensor, b: Tensor): Tensor => linear(linear(x, a), b);

/** x [N, I] · weight → [N, O], with weight [I, O] as GPT-2's Conv1D stores it. */
export const conv1d = (x: Tensor, weight: Tensor): Tensor => matmul(x, weight);

/** Parts of x [N, ΣW] of the given widths, [N, W] each: what a fused projection gives. */
export const splitColumns = (x: Tensor, widths: readonly number[]): Tensor[] =>
  widths.map((width, index) => {
    const start = widths.slice(0, index).reduce((sum, before) => sum + before, 0);
    return sliceAxis(x, 1, start, start + width);
  });
