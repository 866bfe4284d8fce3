import {
  add,
  cast,
  cos,
  exp,
  gather,
  iota,
  less,
  lessEqual,
  logSumExp,
  matmul,
  mean,
  mul,
  randomBits,
  reduceSum,
  reshape,
  rmsNorm,
  select,
  silu,
  sin,
  sliceAxis,
  concat,
  softmax,
  sub,
  transpose,
  equal,
  type Shape,
  type Tensor,
} from '@tether/graph';

/** A transformer as small as can be that still has every part of a real one. */
export const SIZES = { rows: 2, length: 6, hidden: 8, heads: 2, inner: 12, vocabulary: 11 } as const;

const HEAD_SIZE = SIZES.hidden / SIZES.heads;
const DROPOUT = 0.1;

export type Weights = Readonly<Record<string, Tensor>>;

/** Shapes of the parameters; the embedding is also the output head. */
export const WEIGHT_SHAPES: Readonly<Record<string, Shape>> = {
  embedding: [SIZES.vocabulary, SIZES.hidden],
  attentionNorm: [SIZES.hidden],
  query: [SIZES.hidden, SIZES.hidden],
  key: [SIZES.hidden, SIZES.hidden],
  value: [SIZES.hidden, SIZES.hidden],
  output: [SIZES.hidden, SIZES.hidden],
  feedForwardNorm: [SIZES.hidden],
  gate: [SIZES.inner, SIZES.hidden],
  up: [SIZES.inner, SIZES.hidden],
  down: [SIZES.hidden, SIZES.inner],
  finalNorm: [SIZES.hidden],
};

/** x [B, T, A] · weightᵀ, weight [C, A] → [B, T, C]. */
function linear(x: Tensor, weight: Tensor): Tensor {
  const flat = reshape(x, [SIZES.rows * SIZES.length, weight.shape[1]!]);
  return reshape(matmul(flat, weight, { transposeB: true }), [SIZES.rows, SIZES.length, weight.shape[0]!]);
}

/** [B, T, H] → [B, heads, T, H / heads]. */
const splitHeads = (x: Tensor): Tensor =>
  transpose(reshape(x, [SIZES.rows, SIZES.length, SIZES.heads, HEAD_SIZE]), [0, 2, 1, 3]);

/** Rotary positions (Su et al. 2021) for x [B, heads, T, D]. */
function rotate(x: Tensor): Tensor {
  const half = HEAD_SIZE / 2;
  const position = cast(iota([SIZES.length, half], 0), 'f32');
  const channel = cast(iota([SIZES.length, half], 1), 'f32');
  const angle = mul(position, exp(mul(channel, -Math.log(100) / half))); // [T, D/2]
  const [low, high] = [sliceAxis(x, 3, 0, half), sliceAxis(x, 3, half, HEAD_SIZE)];
  return concat(
    [sub(mul(low, cos(angle)), mul(high, sin(angle))), add(mul(high, cos(angle)), mul(low, sin(angle)))],
    3,
  );
}

function attention(x: Tensor, weights: Weights): Tensor {
  const [query, key] = ['query', 'key'].map((name) => rotate(splitHeads(linear(x, weights[name]!)))) as [
    Tensor,
    Tensor,
  ];
  const value = splitHeads(linear(x, weights['value']!));
  const square = [SIZES.length, SIZES.length];
  const isVisible = lessEqual(iota(square, 1), iota(square, 0)); // key j ≤ query i
  const scores = mul(matmul(query, key, { transposeB: true }), 1 / Math.sqrt(HEAD_SIZE));
  const mixed = matmul(softmax(select(isVisible, scores, -1e9)), value); // [B, heads, T, D]
  return linear(reshape(transpose(mixed, [0, 2, 1, 3]), [SIZES.rows, SIZES.length, SIZES.hidden]), weights['output']!);
}

/** Zeroes a share of x and scales the rest up. */
function dropout(x: Tensor, seed: Tensor, stream: number): Tensor {
  const isKept = less(randomBits(seed, x.shape, stream), Math.round((1 - DROPOUT) * 2 ** 24));
  return select(isKept, mul(x, 1 / (1 - DROPOUT)), 0);
}

function feedForward(x: Tensor, weights: Weights): Tensor {
  return linear(mul(silu(linear(x, weights['gate']!)), linear(x, weights['up']!)), weights['down']!);
}

/** Mean cross-entropy of the next token over the positions that have one. tokens: i32 [B, T]. */
export function languageModelLoss(weights: Weights, tokens: Tensor, seed: Tensor): Tensor {
  const norm = (x: Tensor, name: string): Tensor => rmsNorm(x, weights[name]!, 1e-5);
  let states = gather(weights['embedding']!, tokens); // [B, T, H]
  states = add(states, dropout(attention(norm(states, 'attentionNorm'), weights), seed, 1));
  states = add(states, dropout(feedForward(norm(states, 'feedForwardNorm'), weights), seed, 2));
  const logits = linear(norm(states, 'finalNorm'), weights['embedding']!); // [B, T, V]
  const predicted = sliceAxis(logits, 1, 0, SIZES.length - 1);
  const labels = reshape(sliceAxis(tokens, 1, 1, SIZES.length), [SIZES.rows, SIZES.length - 1, 1]);
  const isLabel = cast(equal(iota([SIZES.vocabulary], 0), labels), 'f32'); // [B, T−1, V]
  return mean(sub(logSumExp(predicted), reduceSum(mul(predicted, isLabel), [-1])));
}
