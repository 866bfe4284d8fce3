import { and, constant, equal, iota, lessEqual, or, reshape, select, type Tensor } from '@tether/graph';
import { SEGMENT } from '@tether/core';

/**
 * What is added to scores that must not be seen. Finite, so that rows that see nothing (padding) give finite numbers, and
 * so large that the score vanishes beside it in float64 too: such rows are uniform on every backend.
 */
const HIDDEN = -1e30;

/** Booleans → 0 where visible, `HIDDEN` elsewhere, to be added to attention scores. */
export const additiveMask = (visible: Tensor): Tensor => select(visible, constant(0), HIDDEN);

/**
 * Additive mask [B, 1, T, T] of prompt-once rows: query i sees key j when j ≤ i, `keyMask[j]` is 1, and segment j is the
 * prompt or equals segment i.
 *
 * @param segments i32 [B, T], values of SEGMENT
 * @param keyMask  i32 [B, T]
 */
export function attentionMask(segments: Tensor, keyMask: Tensor): Tensor {
  const [rows, length] = segments.shape as readonly [number, number];
  const keys = [rows, 1, 1, length];
  const keySegments = reshape(segments, keys); // [B, 1, 1, T]
  const sameSegment = equal(reshape(segments, [rows, 1, length, 1]), keySegments); // [B, 1, T, T]
  const reachable = and(equal(reshape(keyMask, keys), 1), causal(length)); // [B, 1, T, T]
  return additiveMask(and(reachable, or(sameSegment, equal(keySegments, SEGMENT.prompt))));
}

/** j ≤ i as booleans [1, 1, T, T]. */
function causal(length: number): Tensor {
  const shape = [1, 1, length, length];
  return lessEqual(iota(shape, 3), iota(shape, 2));
}

/**
 * Additive mask [B, 1, T, S] of rows whose keys lie in slots 0 … S − 1 by position: a query at `positions` i32 [B, T]
 * sees every slot up to its own.
 */
export function slotMask(positions: Tensor, slots: number): Tensor {
  const [rows, length] = positions.shape as readonly [number, number];
  return additiveMask(lessEqual(iota([1, 1, 1, slots], 3), reshape(positions, [rows, 1, length, 1])));
}
