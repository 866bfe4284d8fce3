import { mixWord, sizeOf, type Shape } from '@tether/graph';
import type { ProgramBuilder, Value } from './builder.ts';
import type { Lowering } from './context.ts';

export const constant: Lowering<{ data: ArrayLike<number>; shape: Shape }> = ({ data }, { builder, node }) =>
  builder.constant(data, node);

export const iota: Lowering<{ shape: Shape; axis: number }> = ({ shape, axis }, { builder }) =>
  builder.iota(shape, axis);

const MULTIPLIERS = [0x7feb352d, 0x846ca68b | 0] as const;
const SHIFTS = [16, 15, 16] as const;
const GOLDEN_RATIO = 0x9e3779b9;

/** x >>> count, on words of any shape. */
const shift = (builder: ProgramBuilder, x: Value, count: number): Value =>
  builder.elementwise('shift_right_logical', [x, builder.constant([count], x)]);

/** `mixWord` of the graph package on every element; multiplications wrap around. */
function mix(builder: ProgramBuilder, x: Value): Value {
  const xorShift = (word: Value, count: number): Value =>
    builder.elementwise('xor', [word, shift(builder, word, count)]);
  return MULTIPLIERS.reduce(
    (word, multiplier, index) => {
      const product = builder.elementwise('multiply', [word, builder.constant([multiplier], x)]);
      return xorShift(product, SHIFTS[index + 1]!);
    },
    xorShift(x, SHIFTS[0]),
  );
}

/** Counter-based random words, bit for bit those of `randomWord`. */
export const randomBits: Lowering<{ shape: Shape; stream: number }> = ({ shape, stream }, { builder, inputs }) => {
  const counters = builder.iota([sizeOf(shape)], 0);
  const seed = builder.broadcast(mix(builder, inputs[0]!), counters.shape);
  const stir = builder.constant([mixWord((stream + GOLDEN_RATIO) | 0)], counters);
  const mixed = mix(builder, builder.elementwise('add', [counters, seed]));
  const word = mix(builder, builder.elementwise('add', [mixed, stir]));
  return builder.reshape(shift(builder, word, 8), shape);
};
