import {
  add,
  cast,
  concat,
  constant,
  cos,
  greater,
  mul,
  neg,
  reduceMax,
  reshape,
  select,
  sin,
  sliceAxis,
  sub,
  withGradient,
  type Tensor,
} from '@tether/graph';
import { attentionFactorOf, inverseFrequencies, type RopeConfig } from '../config/index.ts';

/** Cosines and sines of the angles by which pairs of the first R head dimensions are turned. */
export interface RotaryTables {
  readonly cos: Tensor; // [B, 1, T, R/2]
  readonly sin: Tensor; // [B, 1, T, R/2]
  /** What dimensions beyond the first R are multiplied by. */
  readonly scale: number;
}

/**
 * Tables for positions i32 [B, T]: the angle of pair d is position · frequency_d (RoFormer, arXiv 2104.09864, §3.2).
 *
 * @param rotaryDim  R
 * @param lengths    i32 [B], the positions that each row has in all; by default those up to its last in `positions`.
 *                   Only `longrope` reads them: it has other frequencies for rows beyond the original context.
 */
export function rotaryTables(positions: Tensor, rotaryDim: number, rope: RopeConfig, lengths?: Tensor): RotaryTables {
  const [rows, length] = positions.shape as readonly [number, number];
  const frequencies =
    rope.type === 'longrope'
      ? longRopeFrequencies(rope, rotaryDim, lengths ?? add(reduceMax(positions, [1]), 1))
      : constant(inverseFrequencies(rope, rotaryDim), 'f32', [rotaryDim / 2]);
  const angles = mul(cast(reshape(positions, [rows, 1, length, 1]), 'f32'), frequencies); // [B, 1, T, R/2]
  const factor = attentionFactorOf(rope);
  const plain: RotaryTables = { cos: cos(angles), sin: sin(angles), scale: 1 };
  return factor === 1 ? plain : { cos: mul(plain.cos, factor), sin: mul(plain.sin, factor), scale: 1 };
}

/** [B, 1, 1, R/2]. transformers asks the longest row of a batch for all of them; here each row is asked for itself. */
function longRopeFrequencies(rope: RopeConfig & { type: 'longrope' }, rotaryDim: number, lengths: Tensor): Tensor {
  const original = rope.originalMaxPositionEmbeddings;
  const of = (rowLength: number): Tensor =>
    constant(inverseFrequencies(rope, rotaryDim, rowLength), 'f32', [1, 1, 1, rotaryDim / 2]);
  const isLong = greater(reshape(lengths, [lengths.shape[0]!, 1, 1, 1]), original);
  return select(isLong, of(original + 1), of(original));
}

/** Tables that turn and scale at once. Queries take 1/√D this way, without a pass over them or over the scores. */
export const scaledTables = (tables: RotaryTables, scale: number): RotaryTables => ({
  cos: mul(tables.cos, scale),
  sin: mul(tables.sin, scale),
  scale: tables.scale * scale,
});

/**
 * Turns the pairs (x_d, x_{d + R/2}) of the first R dimensions of x [B, A, T, D], the half-split convention of Hugging
 * Face; the others are scaled. The gradient is the turn back, given by hand: the rules of slice and concat would pad halves
 * with zeros and add them.
 */
export function applyRotary(x: Tensor, tables: RotaryTables): Tensor {
  const back = (): RotaryTables => ({ ...tables, sin: neg(tables.sin) });
  return withGradient(turn(x, tables), [x], (g) => [turn(g, back())]);
}

function turn(x: Tensor, tables: RotaryTables): Tensor {
  const headDim = x.shape.at(-1)!;
  const rotaryDim = 2 * tables.cos.shape.at(-1)!; // R
  if (rotaryDim === headDim) return turnPairs(x, tables);
  const rest = mul(sliceAxis(x, -1, rotaryDim, headDim), tables.scale);
  return concat([turnPairs(sliceAxis(x, -1, 0, rotaryDim), tables), rest], -1);
}

/** x [B, A, T, R] → [B, A, T, R]. */
function turnPairs(x: Tensor, tables: RotaryTables): Tensor {
  const rotaryDim = x.shape.at(-1)!;
  const first = sliceAxis(x, -1, 0, rotaryDim / 2); // [B, A, T, R/2]
  const second = sliceAxis(x, -1, rotaryDim / 2, rotaryDim);
  return concat(
    [sub(mul(first, tables.cos), mul(second, tables.sin)), add(mul(second, tables.cos), mul(first, tables.sin))],
    -1,
  );
}
