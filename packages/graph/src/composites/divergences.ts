import { abs, add, div, exp, log, maximum, mul, neg, sub } from '../operations/elementwise.ts';
import { reduceSum, reshape } from '../operations/layout.ts';
import { softmax } from '../operations/neural.ts';
import { constant } from '../operations/source.ts';
import type { Tensor } from '../tensor.ts';
import { logSumExp } from './arithmetic.ts';
import { chunkedLogSumExp, chunkMass, columns, sumOf, type Chunk } from './vocabularyChunks.ts';

/** Divergences between two next-token distributions π (policy) and ρ (reference). */
export type DivergenceKind = 'reverse' | 'forward' | 'jensen-shannon';

/** Logits of both models for a range of the vocabulary, [N, c] each. */
export interface LogitPair {
  readonly policy: Tensor;
  readonly reference: Tensor;
}

/** The value and what the backward pass keeps besides: columns [N, 1]. */
export interface Saved {
  readonly value: Tensor;
  readonly policyTotal: Tensor; // log Σ exp of the policy's logits
  readonly referenceTotal: Tensor;
  /** KL(π‖ρ) for `reverse`, KL(π‖m) for `jensen-shannon`; unused by `forward`. */
  readonly center: Tensor;
}

/** Logits of a chunk, computed anew behind `after`; a vocabulary of one chunk is computed once. */
export type LogitsAfter = (after: Tensor) => (chunk: Chunk) => LogitPair;

/** d value / d z_v for the policy's logits z of a chunk: π_v·ofPolicy + rest. */
export interface Slope {
  readonly ofPolicy: Tensor; // broadcasts to [N, c]
  readonly rest?: Tensor; // [N, c]
}

export interface Divergence {
  readonly value: (chunks: readonly Chunk[], logits: (chunk: Chunk) => LogitPair, logitsAfter: LogitsAfter) => Saved;
  readonly slope: (logits: LogitPair, saved: Saved) => Slope;
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
  slope: ({ policy, reference }, { policyTotal, referenceTotal, center }) => ({
    ofPolicy: sub(sub(policy, reference), add(sub(policyTotal, referenceTotal), center)),
  }),
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
  slope: ({ reference }, { referenceTotal }) => ({
    ofPolicy: constant(1),
    rest: neg(exp(sub(reference, referenceTotal))),
  }),
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
  slope({ policy, reference }, { policyTotal, referenceTotal, center }) {
    const logPolicy = sub(policy, policyTotal);
    const mixture = logMixture(logPolicy, sub(reference, referenceTotal));
    return { ofPolicy: mul(sub(sub(logPolicy, mixture), center), 0.5) };
  },
};

/** Every kind there is. */
export const DIVERGENCE_KINDS: readonly DivergenceKind[] = ['reverse', 'forward', 'jensen-shannon'];

export const DIVERGENCES: Readonly<Record<DivergenceKind, Divergence>> = {
  reverse,
  forward,
  'jensen-shannon': jensenShannon,
};
