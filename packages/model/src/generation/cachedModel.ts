import type { Shape, Tensor } from '@tether/graph';
import type { Parameters } from '@tether/core';

/**
 * Keys and values of one layer, [B, KV, S, D]. A token's slot is its position, so a query at position p sees the slots
 * 0 … p, and what lies in later slots (padding of the prompts) is never seen.
 */
export interface LayerCache {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** Result of one pass. */
export interface Decoded {
  /** Hidden states after the final norm that predict the next token of each row, [B, H]. */
  readonly states: Tensor;
  readonly cache: readonly LayerCache[];
}

/** A language model that can go on from where it stopped. */
export interface CachedModel {
  /** Layers that have a cache. */
  readonly cachedLayers: number;
  /**
   * A row of more than this many tokens is computed differently from its first token on (LongRoPE), so a row that grows
   * beyond must be read again as a whole. Undefined: never.
   */
  readonly rereadsBeyond?: number;
  /** Shape of the keys, and of the values, of one layer. */
  cacheShape(rows: number, slots: number): Shape;
  /**
   * Reads prompts that start at position 0.
   *
   * @param prompts.tokens   i32 [B, P], padded at the end with any token
   * @param prompts.lengths  i32 [B], each in 1 … P
   * @param slots            S ≥ P, the size of the cache
   */
  prefill(parameters: Parameters, prompts: { tokens: Tensor; lengths: Tensor }, slots: number): Decoded;
  /** Reads one token per row: `tokens` i32 [B] at `positions` i32 [B], each below the size of the cache. */
  decode(parameters: Parameters, step: { tokens: Tensor; positions: Tensor }, cache: readonly LayerCache[]): Decoded;
}
