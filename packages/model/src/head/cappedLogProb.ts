import {
  barrier,
  chunkedLogSumExp,
  chunksOf,
  defaultChunk,
  concat,
  add,
  exp,
  gather,
  matmul,
  minimum,
  mul,
  reduceSum,
  reshape,
  scatterAdd,
  sliceAxis,
  sub,
  withGradient,
  type Chunk,
  type Tensor,
} from '@tether/graph';
import { softCap } from '../blocks/index.ts';

/**
 * log softmax(c·tanh(states · weightᵀ / c)) at `labels`: `linearLogProb` of a head whose logits are capped at ±c.
 *
 * Logits exist one chunk of the vocabulary at a time, and are computed again in the backward pass. With ẑ = c·tanh(z/c),
 * p = softmax(ẑ) and the slope s_v = dẑ_v/dz_v = 1 − (ẑ_v/c)², the gradient g of log p[label] gives
 * dz_v = g·([v = label] − p_v)·s_v, from which dh = Σ_v dz_v·W_v and dW_v = Σ_n dz_v·h: the label's part is a gather and a
 * scatter, and g multiplies vectors [N, H] instead of probabilities [N, c].
 *
 * @param states  [N, H]
 * @param weight  [V, H]
 * @param labels  i32 [N]
 * @returns [N], at most 0
 */
export function cappedLogProb(states: Tensor, weight: Tensor, labels: Tensor, cap: number, chunk?: number): Tensor {
  const [rows] = states.shape as readonly [number, number];
  const vocabulary = weight.shape[0]!;
  const chunks = chunksOf(vocabulary, chunk ?? defaultChunk(rows));
  const column = (x: Tensor): Tensor => reshape(x, [rows, 1]);
  const slope = (capped: Tensor): Tensor => sub(1, mul(mul(capped, 1 / cap), mul(capped, 1 / cap)));
  const part = ({ start, limit }: Chunk): Tensor => sliceAxis(weight, 0, start, limit); // [c, H]
  const logitsOf = (h: Tensor, range: Chunk): Tensor => softCap(matmul(h, part(range), { transposeB: true }), cap); // [N, c]

  const total = chunkedLogSumExp(chunks, (range) => logitsOf(states, range)); // [N]
  const label = softCap(reduceSum(mul(states, gather(weight, labels)), [1]), cap); // ẑ[label], [N]
  const value = minimum(sub(label, total), 0); // rounding may put the label above the log-sum-exp

  return withGradient(value, [states, weight], (outputGradient) => {
    const g = column(outputGradient);
    const again = chunks.length === 1 ? states : barrier(states, outputGradient);
    const weighted = mul(again, g); // g·h, [N, H]
    const parts = chunks.map((range) => {
      const capped = logitsOf(again, range);
      const probabilities = mul(exp(sub(capped, column(total))), slope(capped)); // p_v·s_v, [N, c]
      return {
        expected: matmul(probabilities, part(range)), // Σ_v p_v·s_v·W_v, [N, H]
        outer: matmul(probabilities, weighted, { transposeA: true }), // Σ_n p_v·s_v·g·h, [c, H]
      };
    });
    const atLabel = column(slope(label)); // s[label]
    const expected = parts.map((p) => p.expected).reduce((sum, more) => add(sum, more));
    return [
      mul(g, sub(mul(gather(weight, labels), atLabel), expected)),
      sub(
        scatterAdd(mul(weighted, atLabel), labels, vocabulary),
        concat(
          parts.map(({ outer }) => outer),
          0,
        ),
      ),
    ];
  });
}
