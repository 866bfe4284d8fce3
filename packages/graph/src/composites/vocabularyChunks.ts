import { add, exp, log, sub } from '../operations/elementwise.ts';
import { reduceMax } from '../operations/extrema.ts';
import { reduceSum, reshape } from '../operations/layout.ts';
import { concat } from '../operations/slicing.ts';
import type { Tensor } from '../tensor.ts';
import { logSumExp } from './arithmetic.ts';

/** A range of the vocabulary: tokens start … limit − 1. */
export interface Chunk {
  readonly start: number;
  readonly limit: number;
}

/** Logits of one chunk take at most this much when no chunk size is given. */
const CHUNK_BYTES = 64 * 2 ** 20;
export const BYTES_PER_LOGIT = 4;

/** Vocabulary entries per chunk such that logits [rows, chunk] stay within 64 MiB. */
export const defaultChunk = (rows: number): number => Math.max(1, Math.floor(CHUNK_BYTES / (BYTES_PER_LOGIT * rows)));

/** Ranges that cover 0 … size − 1, as equal as can be, none longer than `chunk`. */
export function chunksOf(size: number, chunk: number): Chunk[] {
  if (!Number.isInteger(chunk) || chunk < 1) throw new RangeError(`a chunk has at least one entry, not ${chunk}`);
  const count = Math.ceil(size / chunk);
  const bound = (index: number): number => Math.floor((index * size) / count);
  return Array.from({ length: count }, (_, index) => ({ start: bound(index), limit: bound(index + 1) }));
}

/** Sum of at least one tensor. */
export const sumOf = (tensors: readonly Tensor[]): Tensor => tensors.reduce((total, tensor) => add(total, tensor));

/** What a chunk of logits [N, c] contributes to sums over the whole vocabulary. */
export interface ChunkMass {
  /** exp(z − largest), [N, c]. */
  readonly exponentials: Tensor;
  readonly sum: Tensor; // Σ exponentials, [N, 1]
  readonly logSumExp: Tensor; // [N, 1]
}

/** log Σ exp of one chunk, together with its parts. */
export function chunkMass(logits: Tensor): ChunkMass {
  const largest = reduceMax(logits, [1], true); // [N, 1]
  const exponentials = exp(sub(logits, largest));
  const sum = reduceSum(exponentials, [1], true);
  return { exponentials, sum, logSumExp: add(log(sum), largest) };
}

/** Joins columns [N, 1] of the chunks to [N, chunks]. */
export const columns = (parts: readonly Tensor[]): Tensor => concat(parts, 1);

/**
 * log Σ exp over the vocabulary from one chunk of logits [N, c] at a time → [N]. Without gradient of its own: composites
 * that use it give theirs by hand.
 */
export function chunkedLogSumExp(chunks: readonly Chunk[], logitsOf: (chunk: Chunk) => Tensor): Tensor {
  const parts = chunks.map((chunk) => chunkMass(logitsOf(chunk)).logSumExp); // [N, 1] each
  const rows = parts[0]?.shape[0] ?? 0;
  return parts.length === 1 ? reshape(parts[0]!, [rows]) : logSumExp(columns(parts));
}
