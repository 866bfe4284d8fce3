import { reshape, transpose, type Tensor } from '@tether/graph';

/** x [B·T, A·D] of A heads → [B, A, T, D]. */
export function splitHeads(x: Tensor, rows: number, headDim: number): Tensor {
  const [positions, width] = x.shape as readonly [number, number];
  const split = reshape(x, [rows, positions / rows, width / headDim, headDim]); // [B, T, A, D]
  return transpose(split, [0, 2, 1, 3]);
}

/** x [B, A, T, D] → [B·T, A·D]. */
export function mergeHeads(x: Tensor): Tensor {
  const [rows, heads, length, headDim] = x.shape as readonly [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [rows * length, heads * headDim]);
}
