import { barrier, withGradient } from '../operations/control.ts';
import { exp, minimum, mul, neg, sub } from '../operations/elementwise.ts';
import { gather, scatterAdd } from '../operations/indexing.ts';
import { reduceSum, reshape } from '../operations/layout.ts';
import { matmul } from '../operations/matmul.ts';
import { concat, sliceAxis } from '../operations/slicing.ts';
import type { Tensor } from '../tensor.ts';
import { formatType, ShapeError } from '../types.ts';
import { BYTES_PER_LOGIT, chunkedLogSumExp, chunksOf, defaultChunk, sumOf, type Chunk } from './vocabularyChunks.ts';

/** Logits of at most this much are kept for the backward pass. */
const KEPT_BYTES = 256 * 2 ** 20;

export interface LinearLogProbOptions {
  /** Vocabulary entries at a time; without it, all where logits are kept, else as many as take 64 MiB. */
  readonly chunk?: number;
  /** Keep logits of at most so many bytes for the backward pass, instead of computing them again; 256 MiB without it. */
  readonly keptBytes?: number;
}

/**
 * log softmax(states · weightᵀ) at `labels`: the log-probability of each label, without logits [N, V] ever existing.
 *
 * Logits exist one chunk of the vocabulary at a time. Only their log-sum-exp [N] is kept for the backward pass, which
 * computes them again, as in "Cut Your Losses" (Wijmans et al. 2024, §4). Where all of them are few, they are kept.
 *
 * With z = W·h, p = softmax(z) and the gradient g of log p[label]: dh = g·(W[label] − Σ_v p_v·W_v) and
 * dW_v = g·([v = label] − p_v)·h. So g multiplies vectors [N, H], not probabilities [N, c], and the label's part is a
 * gather and a scatter.
 *
 * @param states  [N, H]
 * @param weight  [V, H], as in a Hugging Face `lm_head`
 * @param labels  i32 [N], each in 0 … V − 1
 * @returns [N], at most 0
 */
export function linearLogProb(
  states: Tensor,
  weight: Tensor,
  labels: Tensor,
  { chunk, keptBytes = KEPT_BYTES }: LinearLogProbOptions = {},
): Tensor {
  const [rows, vocabulary] = checkShapes(states, weight, labels);
  const areKept = rows * vocabulary * BYTES_PER_LOGIT <= keptBytes;
  const chunks = chunksOf(vocabulary, chunk ?? (areKept ? vocabulary : defaultChunk(rows)));
  const logitsOf = (h: Tensor, { start, limit }: Chunk): Tensor =>
    matmul(h, sliceAxis(weight, 0, start, limit), { transposeB: true }); // [N, c]

  const total = chunkedLogSumExp(chunks, (chunk) => logitsOf(states, chunk)); // [N]
  const label = reduceSum(mul(states, gather(weight, labels)), [1]); // z[label], [N]
  const value = minimum(sub(label, total), 0); // rounding may put the label above the log-sum-exp

  return withGradient(value, [states, weight], (outputGradient) => {
    const g = reshape(outputGradient, [rows, 1]);
    const again = areKept ? states : barrier(states, outputGradient);
    const weighted = mul(again, neg(g)); // −g·h, [N, H]
    const parts = chunks.map((chunk) => {
      const probabilities = exp(sub(logitsOf(again, chunk), reshape(total, [rows, 1]))); // [N, c]
      return {
        expected: matmul(probabilities, sliceAxis(weight, 0, chunk.start, chunk.limit)), // Σ_v p_v·W_v, [N, H]
        outer: matmul(probabilities, weighted, { transposeA: true }), // −Σ_n p_v·g·h, [c, H]
      };
    });
    const expected = sumOf(parts.map((part) => part.expected));
    const outer = parts.map((part) => part.outer);
    return [
      mul(g, sub(gather(weight, labels), expected)),
      sub(concat(outer, 0), scatterAdd(weighted, labels, vocabulary)),
    ];
  });
}

/** N and V. */
function checkShapes(states: Tensor, weight: Tensor, labels: Tensor): [number, number] {
  const [rows, hidden] = states.shape;
  const [vocabulary, inputs] = weight.shape;
  const areMatrices = states.shape.length === 2 && weight.shape.length === 2;
  if (!areMatrices || hidden !== inputs || rows === undefined || vocabulary === undefined) {
    throw new ShapeError(`linearLogProb: states ${formatType(states)} do not fit a head ${formatType(weight)}`);
  }
  if (labels.dtype !== 'i32' || labels.shape.length !== 1 || labels.shape[0] !== rows) {
    throw new ShapeError(`linearLogProb: labels are i32[${rows}], not ${formatType(labels)}`);
  }
  return [rows, vocabulary];
}
