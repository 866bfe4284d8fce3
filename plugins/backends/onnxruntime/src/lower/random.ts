import { mixWord, sizeOf, type Shape } from '@tether/graph';
import type { Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';

type Builder = LoweringContext['builder'];

const MULTIPLIERS = [0x7feb352d, 0x846ca68b] as const;
const SHIFTS = [16, 15, 16] as const;
const GOLDEN_RATIO = 0x9e3779b9;

/** x ^ (x >>> shift) on 32-bit words. */
function xorShift(x: Value, shift: number, builder: Builder): Value {
  const shifted = builder.elementwise('BitShift', [x, builder.scalar('u32', shift)], 'u32', { direction: 'RIGHT' });
  return builder.elementwise('BitwiseXor', [x, shifted]);
}

/** `mixWord` of the graph package on every element of a u32 value; multiplications wrap around. */
function mix(x: Value, builder: Builder): Value {
  let word = xorShift(x, SHIFTS[0], builder);
  MULTIPLIERS.forEach((multiplier, index) => {
    const product = builder.elementwise('Mul', [word, builder.scalar('u32', multiplier)]);
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
    const start = mix(builder.cast(seed, 'u32'), builder);
    return mix(builder.elementwise('Add', [builder.cast(builder.range(size), 'u32'), start]), builder);
  });
  const stir = builder.scalar('u32', mixWord((stream + GOLDEN_RATIO) | 0) >>> 0);
  const mixed = mix(builder.elementwise('Add', [counters, stir]), builder);
  const top = builder.elementwise('BitShift', [mixed, builder.scalar('u32', 8)], 'u32', { direction: 'RIGHT' });
  return builder.reshape(builder.cast(top, 'i32'), shape);
};
