import { add, checkpoint, matmul, reshape, softmax, type Tensor } from '@tether/graph';
import { softCap } from './activations.ts';

/**
 * Grouped-query attention (Ainslie et al. 2023): softmax(q·kᵀ + mask)·v, where each of the KV key/value heads serves the
 * G = A / KV query heads next to each other.
 *
 * Scores and weights [B, A, T, S] are not kept for the backward pass but computed again, as in FlashAttention (Dao et al.
 * 2022): they are the largest values of a layer, and cost little beside its projections.
 *
 * The queries of a group are stacked, [B·KV, G·T, D], so that keys and values are never repeated.
 *
 * @param queries  [B, A, T, D], already scaled (by 1/√D)
 * @param keys     [B, KV, S, D]
 * @param values   [B, KV, S, D]
 * @param mask     added to the scores, [B, 1, T, S]
 * @param cap      scores become cap·tanh(score/cap) before the mask is added
 * @returns [B, A, T, D]
 */
export const attention = (queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor, cap?: number): Tensor =>
  checkpoint([queries, keys, values, mask], ([q, k, v, m]) => softmaxAttention(q!, k!, v!, m!, cap));

/** `attention` whose gradient is that of its parts. */
export function softmaxAttention(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor, cap?: number): Tensor {
  const [rows, heads, length, headDim] = queries.shape as readonly [number, number, number, number];
  const [, keyHeads, slots] = keys.shape as readonly [number, number, number, number];
  const groups = rows * keyHeads; // B·KV
  const stacked = (heads / keyHeads) * length; // G·T
  const grouped = (x: Tensor): Tensor => reshape(x, [groups, slots, headDim]); // [B·KV, S, D]
  const scores = matmul(reshape(queries, [groups, stacked, headDim]), grouped(keys), { transposeB: true });
  const capped = cap === undefined ? scores : softCap(scores, cap);
  const masked = add(reshape(capped, [rows, heads, length, slots]), mask); // [B, A, T, S]
  const weights = reshape(softmax(masked), [groups, stacked, slots]); // [B·KV, G·T, S]
  return reshape(matmul(weights, grouped(values)), queries.shape);
}
