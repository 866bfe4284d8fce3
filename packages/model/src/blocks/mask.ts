import { and, constant, equal, iota, less, lessEqual, or, reshape, select, sub, type Tensor } from '@tether/graph';
import { SEGMENT } from '@tether/core';

/**
 * What is added to scores that must not be seen. Finite, so that rows that see nothing (padding) give finite numbers, and
 * so large that the score vanishes beside it in float64 too: such rows are uniform on every backend.
 */
const HIDDEN = -1e30;

/** Booleans → 0 where visible, `HIDDEN` elsewhere, to be added to attention scores. */
export const additiveMask = (visible: Tensor): Tensor => select(visible, constant(0), HIDDEN);

/** A window over the positions of a row, which in prompt-once rows are not the places of its tokens. */
export interface Window {
  /** A query sees this many positions up to its own. */
  readonly size: number;
  readonly positions: Tensor; // i32 [B, T]
}

/**
 * Additive mask [B, 1, T, T] of prompt-once rows: query i sees key j when j ≤ i, `keyMask[j]` is 1, segment j is the prompt
 * or equals segment i, and with a window position i − position j < size.
 *
 * @param segments i32 [B, T], values of SEGMENT
 * @param keyMask  i32 [B, T]
 */
export function attentionMask(segments: Tensor, keyMask: Tensor, window?: Window): Tensor {
  const [rows, length] = segments.shape as readonly [number, number];
  const queries = [rows, 1, length, 1];
  const keys = [rows, 1, 1, length];
  const keySegments = reshape(segments, keys); // [B, 1, 1, T]
  const sameSegment = equal(reshape(segments, queries), keySegments); // [B, 1, T, T]
  const reachable = and(equal(reshape(keyMask, keys), 1), causal(length)); // [B, 1, T, T]
  const visible = and(reachable, or(sameSegment, equal(keySegments, SEGMENT.prompt)));
  if (window === undefined) return additiveMask(visible);
  const distance = sub(reshape(window.positions, queries), reshape(window.positions, keys)); // [B, 1, T, T]
  return additiveMask(and(visible, less(distance, window.size)));
}

/** j ≤ i as booleans [1, 1, T, T]. */
function causal(length: number): Tensor {
  const shape = [1, 1, length, length];
  return lessEqual(iota(shape, 3), iota(shape, 2));
}

/**
 * Additive mask [B, 1, T, S] of rows whose keys lie in slots 0 … S − 1 by position: a query at `positions` i32 [B, T]
 * sees every slot up to its own, or the last `window` of these.
 */
export function slotMask(positions: Tensor, slots: number, window?: number): Tensor {
  const [rows, length] = positions.shape as readonly [number, number];
  const slot = iota([1, 1, 1, slots], 3);
  const query = reshape(positions, [rows, 1, length, 1]);
  const earlier = lessEqual(slot, query);
  return additiveMask(window === undefined ? earlier : and(earlier, less(sub(query, slot), window)));
}
