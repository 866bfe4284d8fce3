import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16Bits,
  bfloat16FromBits,
  float16Bits,
  float16FromBits,
  represent,
  roundToBfloat16,
  roundToFloat16,
} from './index.ts';

const everyBitPattern = Array.from({ length: 2 ** 16 }, (_, bits) => bits);

/** The number of each 16-bit pattern that is not NaN, in increasing order. */
const gridOf = (fromBits: (bits: number) => number): number[] =>
  everyBitPattern
    .map(fromBits)
    .filter((x) => !Number.isNaN(x) && !Object.is(x, -0))
    .toSorted((a, b) => a - b);

describe.each([
  { name: 'bfloat16', round: roundToBfloat16, toBits: bfloat16Bits, fromBits: bfloat16FromBits },
  { name: 'float16', round: roundToFloat16, toBits: float16Bits, fromBits: float16FromBits },
])('$name', ({ round, toBits, fromBits }) => {
  it('gives every bit pattern back', () => {
    const numbers = everyBitPattern.filter((bits) => !Number.isNaN(fromBits(bits)));
    expect(numbers.filter((bits) => toBits(fromBits(bits)) !== bits)).toEqual([]);
    expect(fromBits(toBits(Number.NaN))).toBeNaN();
  });

  it('leaves what it can hold as it is, also infinities and zeros of both signs', () => {
    expect(gridOf(fromBits).filter((x) => !Object.is(round(x), x))).toEqual([]);
    expect(round(-0)).toBe(-0);
  });

  it('rounds halfway cases to the neighbour with the even pattern, everything else to the nearest', () => {
    const finite = gridOf(fromBits).filter(Number.isFinite);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: finite.length - 2 }), (at) => {
        const [low, high] = [finite[at]!, finite[at + 1]!];
        const middle = low / 2 + high / 2;
        const even = toBits(low) % 2 === 0 ? low : high;
        const nudge = (high - low) / 1024;
        expect(Math.abs(round(middle))).toBe(Math.abs(even));
        expect(Math.abs(round(middle - nudge))).toBe(Math.abs(low));
        expect(Math.abs(round(middle + nudge))).toBe(Math.abs(high));
      }),
      { numRuns: 2000 },
    );
  });

  it('rounds beyond half a unit above the largest number to infinity', () => {
    const [last, largest] = gridOf(fromBits).filter(Number.isFinite).slice(-2) as [number, number];
    const halfUnit = (largest - last) / 2;
    expect(round(largest + halfUnit * 0.99)).toBe(largest);
    expect(round(largest + halfUnit)).toBe(Infinity);
    expect(round(-largest - halfUnit)).toBe(-Infinity);
  });
});

it('reads bfloat16 as the upper half of a float32', () => {
  const words = new Uint32Array(1);
  const asFloat = new Float32Array(words.buffer);
  for (const bits of [0x0001, 0x3f80, 0x7f80, 0x8000, 0xc2f7]) {
    words[0] = bits << 16;
    expect(bfloat16FromBits(bits)).toBe(asFloat[0]);
  }
});

describe('what an element type holds', () => {
  it('wraps integers after dropping the fraction', () => {
    expect([2 ** 31, -1.9, 2 ** 32 + 5, Number.NaN].map(represent.i32)).toEqual([-(2 ** 31), -1, 5, 0]);
  });

  it('makes booleans of everything but 0', () => {
    expect([0, -0, 0.5, Number.NaN].map(represent.bool)).toEqual([0, 0, 1, 1]);
  });
});
