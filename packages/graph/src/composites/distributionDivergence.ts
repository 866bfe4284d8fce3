import { barrier, stopGradient, withGradient } from '../operations/control.ts';
import { abs, add, div, exp, log, maximum, mul, neg, sub } from '../operations/elementwise.ts';
import { reduceSum, reshape } from '../operations/layout.ts';
import { softmax } from '../operations/neural.ts';
import type { Tensor } from '../tensor.ts';
import { formatType, ShapeError } from '../types.ts';
import { logSumExp } from './arithmetic.ts';
import { chunkedLogSumExp, chunkMass, chunksOf, columns, defaultChunk, sumOf, type Chunk } from './vocabularyChunks.ts';

/** Divergences between two next-token distributions π (policy) and ρ (reference). */
export type DivergenceKind = 'reverse' | 'forward' | 'jensen-shannon';

/** The part of a head that gives logits of tokens start … limit − 1 for states [N, H] → [N, limit − start]. */
export interface ChunkedHead {
  readonly vocabularySize: number;
  logits(states: Tensor, start: number, limit: number): Tensor;
}

/** Logits of both models for a range of the vocabulary, [N, c] each. */
interface LogitPair {
  readonly policy: Tensor;
  readonly reference: Tensor;
}

/** The value and what the backward pass keeps besides: columns [N, 1]. */
interface Saved {
  readonly value: Tensor;
  readonly policyTotal: Tensor; // log Σ exp of the policy's logits
  readonly referenceTotal: Tensor;
  /** KL(π‖ρ) for `reverse`, KL(π‖m) for `jensen-shannon`; unused by `forward`. */
  readonly center: Tensor;
}

/** Logits of a chunk, computed anew behind `after`; a vocabulary of one chunk is computed once. */
type LogitsAfter = (after: Tensor) => (chunk: Chunk) => LogitPair;

interface Divergence {
  readonly value: (chunks: readonly Chunk[], logits: (chunk: Chunk) => LogitPair, logitsAfter: LogitsAfter) => Saved;
  /** d value / d z_v for the policy's logits z of a chunk, from log π and log ρ [N, c]. */
  readonly slope: (logPolicy: Tensor, logReference: Tensor, center: Tensor) => Tensor;
}

const rowSum = (x: Tensor): Tensor => reduceSum(x, [1], true); // [N, c] → [N, 1]
const column = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, 1]); // [N] → [N, 1]

/**
 * Σ_v p_v·(a_v − b_v) with p = softmax(a), log Σ exp a and log Σ exp b, in one pass over the chunks: each chunk gives
 * its own mean, and the chunks are weighted by their share of the probability.
 */
function expectedGap(
  chunks: readonly Chunk[],
  pairOf: (chunk: Chunk) => readonly [Tensor, Tensor],
): { gap: Tensor; total: Tensor; otherTotal: Tensor } {
  const parts = chunks.map((chunk) => {
    const [a, b] = pairOf(chunk);
    const { exponentials, sum, logSumExp } = chunkMass(a);
    const mean = div(rowSum(mul(exponentials, sub(a, b))), sum); // [N, 1]
    return { mean, total: logSumExp, otherTotal: chunkMass(b).logSumExp };
  });
  const totals = columns(parts.map((part) => part.total)); // [N, chunks]
  const otherTotals = columns(parts.map((part) => part.otherTotal));
  const means = columns(parts.map((part) => part.mean));
  return {
    gap: rowSum(mul(softmax(totals), means)),
    total: column(logSumExp(totals)),
    otherTotal: column(logSumExp(otherTotals)),
  };
}

/** KL(π‖ρ) = Σ π·(log π − log ρ) = Σ π·(z − r) − log Σ exp z + log Σ exp r; d/dz_v = π_v·(log π_v − log ρ_v − KL). */
const reverse: Divergence = {
  value(chunks, logits) {
    const sums = expectedGap(chunks, (chunk) => {
      const { policy, reference } = logits(chunk);
      return [policy, reference];
    });
    const value = sub(sums.gap, sub(sums.total, sums.otherTotal));
    return { value, policyTotal: sums.total, referenceTotal: sums.otherTotal, center: value };
  },
  slope: (logPolicy, logReference, center) => mul(exp(logPolicy), sub(sub(logPolicy, logReference), center)),
};

/** KL(ρ‖π) = Σ ρ·(log ρ − log π) = Σ ρ·(r − z) − log Σ exp r + log Σ exp z; d/dz_v = π_v − ρ_v. */
const forward: Divergence = {
  value(chunks, logits) {
    const sums = expectedGap(chunks, (chunk) => {
      const { policy, reference } = logits(chunk);
      return [reference, policy];
    });
    const value = sub(sums.gap, sub(sums.total, sums.otherTotal));
    return { value, policyTotal: sums.otherTotal, referenceTotal: sums.total, center: value };
  },
  slope: (logPolicy, logReference) => sub(exp(logPolicy), exp(logReference)),
};

/** log ½(eᵃ + eᵇ), finite where both underflow. */
const logMixture = (a: Tensor, b: Tensor): Tensor =>
  add(maximum(a, b), sub(log(add(exp(neg(abs(sub(a, b)))), 1)), Math.LN2));

/**
 * ½·KL(π‖m) + ½·KL(ρ‖m) with m = ½(π + ρ); d/dz_v = ½·π_v·(log(π_v/m_v) − KL(π‖m)). m mixes normalized probabilities,
 * so the log-sum-exps come first and the logits are computed a second time.
 */
const jensenShannon: Divergence = {
  value(chunks, logits, logitsAfter) {
    const policyTotal = column(chunkedLogSumExp(chunks, (chunk) => logits(chunk).policy));
    const referenceTotal = column(chunkedLogSumExp(chunks, (chunk) => logits(chunk).reference));
    const again = logitsAfter(add(policyTotal, referenceTotal));
    const parts = chunks.map((chunk) => {
      const { policy, reference } = again(chunk);
      const logPolicy = sub(policy, policyTotal);
      const logReference = sub(reference, referenceTotal);
      const mixture = logMixture(logPolicy, logReference);
      return {
        policy: rowSum(mul(exp(logPolicy), sub(logPolicy, mixture))),
        reference: rowSum(mul(exp(logReference), sub(logReference, mixture))),
      };
    });
    const center = sumOf(parts.map((part) => part.policy)); // KL(π‖m)
    const value = mul(add(center, sumOf(parts.map((part) => part.reference))), 0.5);
    return { value, policyTotal, referenceTotal, center };
  },
  slope: (logPolicy, logReference, center) =>
    mul(mul(exp(logPolicy), 0.5), sub(sub(logPolicy, logMixture(logPolicy, logReference)), center)),
};

const DIVERGENCES: Readonly<Record<DivergenceKind, Divergence>> = {
  reverse,
  forward,
  'jensen-shannon': jensenShannon,
};

/**
 * Divergence of the policy's next-token distribution from the reference's at each of N positions, over the full
 * vocabulary but without logits [N, V] ever existing: they are computed one chunk at a time, and again in the backward
 * pass. Gradients flow to the policy's states and whatever its head reads, never to the reference.
 *
 * @param policyStates     [N, H]
 * @param referenceStates  [N, H'], of the reference's own size
 * @param chunk            vocabulary entries at a time; without it, as many as keep a chunk's logits within 64 MiB
 * @returns [N], in nats
 */
export function distributionDivergence(
  policyHead: ChunkedHead,
  policyStates: Tensor,
  referenceHead: ChunkedHead,
  referenceStates: Tensor,
  kind: DivergenceKind,
  chunk?: number,
): Tensor {
  const rows = checkShapes(policyHead, policyStates, referenceHead, referenceStates);
  const chunks = chunksOf(policyHead.vocabularySize, chunk ?? defaultChunk(rows));
  const behind = (states: Tensor, after: Tensor): Tensor => (chunks.length === 1 ? states : barrier(states, after));
  const logitsAfter: LogitsAfter = (after) => {
    const [policy, reference] = [behind(policyStates, after), behind(referenceStates, after)];
    return ({ start, limit }) => ({
      policy: policyHead.logits(policy, start, limit),
      reference: referenceHead.logits(reference, start, limit),
    });
  };
  const { value, slope } = DIVERGENCES[kind];
  // Behind a barrier from the start: else its logits would be kept for, or from, whoever else needs them.
  const saved = value(chunks, logitsAfter(referenceStates), logitsAfter);

  const differentiate = (outputGradient: Tensor, chunk: Chunk): Tensor => {
    const { policy, reference } = logitsAfter(outputGradient)(chunk);
    const direction = slope(sub(policy, saved.policyTotal), sub(reference, saved.referenceTotal), saved.center);
    return mul(direction, column(outputGradient)); // [N, c]
  };
  // One link per chunk, each beside the logits that it differentiates, so that the backward pass finishes a chunk
  // before it starts the next. The links' own logits are never computed: only their gradient rule is used.
  return chunks.reduce(
    (link, chunk) =>
      withGradient(link, [link, policyHead.logits(policyStates, chunk.start, chunk.limit)], (g) => [
        g,
        differentiate(g, chunk),
      ]),
    stopGradient(reshape(saved.value, [rows])),
  );
}

/** N. */
function checkShapes(policyHead: ChunkedHead, policy: Tensor, referenceHead: ChunkedHead, reference: Tensor): number {
  if (policyHead.vocabularySize !== referenceHead.vocabularySize) {
    const sizes = `${policyHead.vocabularySize} and ${referenceHead.vocabularySize}`;
    throw new ShapeError(`distributionDivergence: the vocabularies differ, ${sizes} tokens`);
  }
  const [rows] = policy.shape;
  if (rows === undefined || policy.shape.length !== 2 || reference.shape.length !== 2 || reference.shape[0] !== rows) {
    const types = `${formatType(policy)} and ${formatType(reference)}`;
    throw new ShapeError(`distributionDivergence: states are [N, H] for the same N, not ${types}`);
  }
  return rows;
}
