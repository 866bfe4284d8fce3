import {
  add,
  barrier,
  concat,
  pad,
  sliceAxis,
  stopGradient,
  vectorJacobian,
  withGradient,
  type Tensor,
} from '@tether/graph';
import { softmaxAttention } from './attention.ts';

/** Queries of a block: fewer make matrix products too small to run at full speed. */
const LEAST_QUERIES = 128;
/** More blocks save little more: n of them need (n + 1) / 2n of all scores. */
const MOST_BLOCKS = 8;

/** Ranges that cover 0 … length − 1. */
export function queryBlocks(length: number): Block[] {
  const count = Math.min(MOST_BLOCKS, Math.max(1, Math.floor(length / LEAST_QUERIES)));
  const bound = (index: number): number => Math.floor((index * length) / count);
  return Array.from({ length: count }, (_, index) => ({ start: bound(index), limit: bound(index + 1) }));
}

/**
 * `attention` where no query sees a key behind its own place: one block of queries at a time, each against the keys up to
 * its end, so that most of the scores above the diagonal are never computed. The backward pass, too, makes and leaves the
 * scores of one block before it starts the next.
 *
 * A query whose mask hides all keys, which is padding, sees those of its block uniformly.
 *
 * @param queries  [B, A, T, D], already scaled (by 1/√D)
 * @param keys     [B, KV, T, D]
 * @param values   [B, KV, T, D]
 * @param mask     added to the scores, [B, 1, T, T]; hides key j from query i where j > i
 * @returns [B, A, T, D]
 */
export function causalAttention(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor, cap?: number): Tensor {
  const blocks = queryBlocks(queries.shape[2]!);
  const inputs = [queries, keys, values] as const;
  const output = concat(
    blocks.map((block) => attendBlock(block, mask, cap)(partsOf(block, inputs.map(stopGradient)))),
    2,
  );
  return withGradient(output, inputs, (outputGradient) => {
    const gradients = blocks.map((block) => {
      const g = rangeOf(outputGradient, block);
      const again = partsOf(
        block,
        inputs.map((x) => barrier(x, g)),
      );
      return vectorJacobian(attendBlock(block, mask, cap)(again), again, g);
    });
    const ofAllKeys = (index: number): Tensor =>
      gradients.map((parts) => padKeys(parts[index]!, keys.shape[2]!)).reduce((sum, more) => add(sum, more));
    const ofQueries = concat(
      gradients.map(([first]) => first!),
      2,
    );
    return [ofQueries, ofAllKeys(1), ofAllKeys(2)];
  });
}

interface Block {
  readonly start: number;
  readonly limit: number;
}

const rangeOf = (x: Tensor, { start, limit }: Block): Tensor => sliceAxis(x, 2, start, limit);

/** Queries of a block [B, A, t, D], and keys and values up to its end [B, KV, s, D]. */
function partsOf(block: Block, [queries, keys, values]: readonly Tensor[]): Tensor[] {
  const seen = { start: 0, limit: block.limit };
  return [rangeOf(queries!, block), rangeOf(keys!, seen), rangeOf(values!, seen)];
}

const attendBlock = (block: Block, mask: Tensor, cap: number | undefined) => {
  const visible = sliceAxis(rangeOf(mask, block), 3, 0, block.limit); // [B, 1, t, s]
  return ([queries, keys, values]: readonly Tensor[]): Tensor =>
    softmaxAttention(queries!, keys!, values!, visible, cap);
};

/** x [B, KV, s, D] with zeros for the keys behind → [B, KV, T, D]. */
function padKeys(x: Tensor, length: number): Tensor {
  const missing = length - x.shape[2]!;
  return missing === 0 ? x : pad(x, [0, 0, 0, 0], [0, 0, missing, 0], 0);
}
