import {
  add,
  cast,
  concat,
  constant,
  cos,
  mul,
  neg,
  reshape,
  sin,
  sliceAxis,
  sub,
  withGradient,
  type Tensor,
} from '@tether/graph';
import { inverseFrequencies, type RopeConfig } from '../config/index.ts';

/** Cosines and sines of the angles by which pairs of head dimensions are turned. */
export interface RotaryTables {
  readonly cos: Tensor; // [B, 1, T, D/2]
  readonly sin: Tensor; // [B, 1, T, D/2]
}

/** Tables for positions i32 [B, T]: the angle of pair d is position · frequency_d (RoFormer, arXiv 2104.09864, §3.2). */
export function rotaryTables(positions: Tensor, headDim: number, rope: RopeConfig): RotaryTables {
  const [rows, length] = positions.shape as readonly [number, number];
  const frequencies = constant(inverseFrequencies(rope, headDim), 'f32', [headDim / 2]);
  const angles = mul(cast(reshape(positions, [rows, 1, length, 1]), 'f32'), frequencies); // [B, 1, T, D/2]
  return { cos: cos(angles), sin: sin(angles) };
}

/** Tables that turn and scale at once. Queries take 1/√D this way, without a pass over them or over the scores. */
export const scaledTables = (tables: RotaryTables, scale: number): RotaryTables => ({
  cos: mul(tables.cos, scale),
  sin: mul(tables.sin, scale),
});

/**
 * Turns the pairs (x_d, x_{d + D/2}) of x [B, A, T, D], the half-split convention of Hugging Face. The gradient is the
 * turn back, given by hand: the rules of slice and concat would pad halves with zeros and add them.
 */
export function applyRotary(x: Tensor, tables: RotaryTables): Tensor {
  const back = (): RotaryTables => ({ cos: tables.cos, sin: neg(tables.sin) });
  return withGradient(turn(x, tables), [x], (g) => [turn(g, back())]);
}

function turn(x: Tensor, tables: RotaryTables): Tensor {
  const headDim = x.shape.at(-1)!;
  const first = sliceAxis(x, -1, 0, headDim / 2); // [B, A, T, D/2]
  const second = sliceAxis(x, -1, headDim / 2, headDim);
  return concat(
    [sub(mul(first, tables.cos), mul(second, tables.sin)), add(mul(second, tables.cos), mul(first, tables.sin))],
    -1,
  );
}
