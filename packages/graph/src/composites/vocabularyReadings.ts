import { barrier, stopGradient, withGradient } from '../operations/control.ts';
import { add, exp, minimum, mul, neg, sub } from '../operations/elementwise.ts';
import { reshape } from '../operations/layout.ts';
import { concat, sliceAxis } from '../operations/slicing.ts';
import type { Tensor } from '../tensor.ts';
import { formatType, ShapeError } from '../types.ts';
import { DIVERGENCES, type DivergenceKind, type LogitsAfter } from './divergences.ts';
import { chunksOf, defaultChunk, type Chunk } from './vocabularyChunks.ts';

/** The part of a head that gives logits of tokens start … limit − 1 for states [N, H] → [N, limit − start]. */
export interface ChunkedHead {
  readonly vocabularySize: number;
  logits(states: Tensor, start: number, limit: number): Tensor;
}

/** Hidden states [N, H] and what turns them into logits. */
export interface ReadModel {
  readonly head: ChunkedHead;
  readonly states: Tensor;
}

/** What one pass over the vocabulary gives of two models at N positions. */
export interface VocabularyReadings {
  /** log Σ exp of the policy's logits, [N]. */
  readonly policyTotal: Tensor;
  /** The same of the reference, without gradient. */
  readonly referenceTotal: Tensor;
  /** Divergence of the policy's distribution from the reference's, [N] in nats. */
  divergence(kind: DivergenceKind): Tensor;
}

/**
 * Divergences of the policy's next-token distribution from the reference's at each of N positions, over the full
 * vocabulary, together with what log-probabilities need of it. Logits [N, V] never exist: they are computed one chunk at
 * a time, and again in the backward pass, once for everything that is read. Gradients flow to the policy's states and
 * whatever its head reads, never to the reference.
 *
 * With the gradients g of log Σ exp z and g_k of the divergences, dz_v = π_v·(g + Σ_k g_k·a_kv) + Σ_k g_k·b_kv with the
 * parts a and b of their slopes.
 *
 * @param reference of a size of its own
 * @param kinds     at least one
 * @param chunk     vocabulary entries at a time; without it, as many as keep a chunk's logits within 64 MiB
 */
export function readVocabulary(
  policy: ReadModel,
  reference: ReadModel,
  kinds: readonly DivergenceKind[],
  chunk?: number,
): VocabularyReadings {
  const rows = checkShapes(policy, reference);
  const chunks = chunksOf(policy.head.vocabularySize, chunk ?? defaultChunk(rows));
  const behind = (states: Tensor, after: Tensor): Tensor => (chunks.length === 1 ? states : barrier(states, after));
  const logitsAfter: LogitsAfter = (after) => {
    const [policyStates, referenceStates] = [behind(policy.states, after), behind(reference.states, after)];
    return ({ start, limit }) => ({
      policy: policy.head.logits(policyStates, start, limit),
      reference: reference.head.logits(referenceStates, start, limit),
    });
  };
  // Behind a barrier from the start: else its logits would be kept for, or from, whoever else needs them.
  const logits = logitsAfter(reference.states);
  const read = kinds.map((kind) => {
    const { value, slope } = DIVERGENCES[kind];
    return { slope, saved: value(chunks, logits, logitsAfter) };
  });
  const { policyTotal, referenceTotal } = read[0]!.saved; // the same in all of them

  const differentiate = (outputGradient: Tensor, chunk: Chunk): Tensor => {
    const again = logitsAfter(outputGradient)(chunk);
    const gradientOf = (index: number): Tensor => sliceAxis(outputGradient, 1, index, index + 1); // [N, 1]
    let ofPolicy = gradientOf(0);
    let rest: Tensor | undefined;
    for (const [index, { slope, saved }] of read.entries()) {
      const g = gradientOf(index + 1);
      const parts = slope(again, saved);
      ofPolicy = add(ofPolicy, mul(parts.ofPolicy, g));
      if (parts.rest === undefined) continue;
      const more = mul(parts.rest, g);
      rest = rest === undefined ? more : add(rest, more);
    }
    const direction = mul(exp(sub(again.policy, policyTotal)), ofPolicy); // [N, c]
    return rest === undefined ? direction : add(direction, rest);
  };
  const values = concat([policyTotal, ...read.map(({ saved }) => saved.value)], 1); // [N, 1 + kinds]
  // One link per chunk, each beside the logits that it differentiates, so that the backward pass finishes a chunk
  // before it starts the next. The links' own logits are never computed: only their gradient rule is used.
  const linked = chunks.reduce(
    (link, chunk) =>
      withGradient(link, [link, policy.head.logits(policy.states, chunk.start, chunk.limit)], (g) => [
        g,
        differentiate(g, chunk),
      ]),
    stopGradient(values),
  );
  const columnOf = (index: number): Tensor => reshape(sliceAxis(linked, 1, index, index + 1), [rows]);
  return {
    policyTotal: columnOf(0),
    referenceTotal: stopGradient(reshape(referenceTotal, [rows])),
    divergence: (kind) => columnOf(1 + kinds.indexOf(kind)),
  };
}

/** The divergence alone; see `readVocabulary`. */
export const distributionDivergence = (
  policy: ReadModel,
  reference: ReadModel,
  kind: DivergenceKind,
  chunk?: number,
): Tensor => readVocabulary(policy, reference, [kind], chunk).divergence(kind);

/** log p(label) [N] from the label's logit and log Σ exp of all logits: their difference, but not above 0 by rounding. */
export const labelLogProb = (labelLogit: Tensor, total: Tensor): Tensor =>
  withGradient(minimum(sub(labelLogit, total), 0), [labelLogit, total], (g) => [g, neg(g)]);

/** N. */
function checkShapes({ head, states }: ReadModel, reference: ReadModel): number {
  const sizes = [head.vocabularySize, reference.head.vocabularySize];
  if (sizes[0] !== sizes[1])
    throw new ShapeError(`readVocabulary: the vocabularies differ, ${sizes.join(' and ')} tokens`);
  const [rows] = states.shape;
  const isMatrix = states.shape.length === 2 && reference.states.shape.length === 2;
  if (rows === undefined || !isMatrix || reference.states.shape[0] !== rows) {
    const types = `${formatType(states)} and ${formatType(reference.states)}`;
    throw new ShapeError(`readVocabulary: states are [N, H] for the same N, not ${types}`);
  }
  return rows;
}
