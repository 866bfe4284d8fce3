import { add, matmul, reshape, sizeOf, type Tensor } from '@tether/graph';

/** A learned map of the last axis: x [..., I] → [..., O]. */
export type Projection = (x: Tensor) => Tensor;

/** x [..., I] · weightᵀ (+ bias) → [..., O], with weight [O, I] as Hugging Face stores it. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const lead = x.shape.slice(0, -1);
  const flat = reshape(x, [sizeOf(lead), x.shape.at(-1)!]); // [N, I]
  const product = matmul(flat, weight, { transposeB: true }); // [N, O]
  return reshape(bias === undefined ? product : add(product, bias), [...lead, weight.shape[0]!]);
}
