import { mixWord, sizeOf, type Shape } from '@tether/graph';
import type { Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';

type Builder = LoweringContext['builder'];

const MULTIPLIERS = [0x7feb352d, 0x846ca68b | 0] as const;
const SHIFTS = [16, 15, 16] as const;
const GOLDEN_RATIO = 0x9e3779b9;

/** x ^ (x >>> shift) on 32-bit words. Shifts exist for unsigned words only. */
function xorShift(x: Value, shift: number, builder: Builder): Value {
  const unsigned = builder.cast(x, 'u32');
  const shifted = builder.elementwise('BitShift', [unsigned, builder.scalar('u32', shift)], 'u32', {
    direction: 'RIGHT',
  });
  return builder.elementwise('BitwiseXor', [unsigned, shifted]);
}

/** `mixWord` of the graph package on every element of an i32 value; multiplications wrap around in i32. */
function mix(x: Value, builder: Builder): Value {
  let word = xorShift(x, SHIFTS[0], builder);
  MULTIPLIERS.forEach((multiplier, index) => {
    const product = builder.elementwise('Mul', [builder.cast(word, 'i32'), builder.scalar('i32', multiplier)]);
    word = xorShift(product, SHIFTS[index + 1]!, builder);
  });
  return word;
}

/** Counter-based random words, bit for bit those of `randomWord`. */
export const randomBits: Lowering<{ shape: Shape; stream: number }> = ({ shape, stream }, { builder, inputs }) => {
  const [seed] = inputs as readonly [Value];
  const size = sizeOf(shape);
  // The first round knows nothing of the stream: draws of one size share it.
  const counters = builder.once(`counters of ${seed.name}, ${size}`, () => {
    const start = builder.cast(mix(seed, builder), 'i32');
    return builder.cast(mix(builder.elementwise('Add', [builder.range(size), start]), builder), 'i32');
  });
  const stir = mixWord((stream + GOLDEN_RATIO) | 0);
  const mixed = mix(builder.elementwise('Add', [counters, builder.scalar('i32', stir)]), builder);
  const top = builder.elementwise('BitShift', [mixed, builder.scalar('u32', 8)], 'u32', { direction: 'RIGHT' });
  return builder.reshape(builder.cast(top, 'i32'), shape);
};
