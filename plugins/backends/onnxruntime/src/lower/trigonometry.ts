import type { Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';

/**
 * Sine and cosine from additions and products, for providers whose own are too coarse: WebGPU promises 2⁻¹¹, and rotary
 * embeddings turn by up to thousands of radians.
 */

/** π in three parts of 8, 11 and 24 bits: the first two times a whole number up to 2¹³ are exact in float32. */
const PI_PARTS = [3.140625, 0.0009670257568359375, 6.277114152908325e-7] as const;

/** Taylor coefficients of sin(r)/r in r²; the first one left out is below 1e-9 at π/2. */
const SINE = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800] as const;

/** sin(x + shift·π), where shift is 0 or ½. */
const sine =
  (shift: 0 | 0.5): Lowering =>
  (_, { builder, inputs }: LoweringContext) => {
    const [x] = inputs as readonly [Value];
    const number = (value: number): Value => builder.scalar('f32', value);
    const op = (operator: string, ...operands: Value[]): Value => builder.elementwise(operator, operands);
    // The number of half turns: x = (turns − shift)·π + rest with |rest| ≤ π/2.
    const turns = op('Floor', op('Add', op('Mul', x, number(1 / Math.PI)), number(shift + 0.5)));
    const whole = shift === 0 ? turns : op('Sub', turns, number(shift));
    const rest = PI_PARTS.reduce((left, part) => op('Sub', left, op('Mul', whole, number(part))), x);
    const square = op('Mul', rest, rest);
    const ratio = SINE.slice(0, -1).reduceRight(
      (sum, coefficient) => op('Add', op('Mul', sum, square), number(coefficient)),
      number(SINE.at(-1)!),
    );
    const odd = op('Sub', turns, op('Mul', op('Floor', op('Mul', turns, number(0.5))), number(2)));
    const sign = op('Sub', number(1), op('Mul', odd, number(2)));
    return op('Mul', op('Mul', rest, ratio), sign);
  };

export const accurateSin = sine(0);
export const accurateCos = sine(0.5);
