import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox2x32, randomIntegers, randomWords } from './random.ts';

describe('philox2x32', () => {
  it('gives the known answers of the Random123 library', () => {
    expect(philox2x32(0, 0, 0)).toEqual([0xff1dae59, 0x6cd10df2]);
    expect(philox2x32(0xffffffff, 0xffffffff, 0xffffffff)).toEqual([0x2c3f628b, 0xab4fd7ad]);
    expect(philox2x32(0x243f6a88, 0x85a308d3, 0x13198a2e)).toEqual([0xdd7ce038, 0xf62a4c12]);
  });
});

describe('streams', () => {
  it('do not depend on how many numbers are asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(50), fc.nat(50), (seed, few, more) => {
        expect(randomWords(seed, 1, few + more).slice(0, few)).toEqual(randomWords(seed, 1, few));
      }),
    );
  });

  it('can be entered anywhere', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (start, count) => {
        expect(randomWords(7, 1, count, start)).toEqual(randomWords(7, 1, start + count).slice(start));
        expect(randomIntegers(7, 1, count, 9, start)).toEqual(randomIntegers(7, 1, start + count, 9).slice(start));
      }),
    );
  });

  it('refuse to repeat themselves', () => {
    expect(randomWords(7, 1, 2, 2 ** 33 - 2)).toHaveLength(2);
    expect(() => randomWords(7, 1, 2, 2 ** 33 - 1)).toThrow('A stream has 2^33 random numbers');
  });

  it('differ between seeds and between streams', () => {
    expect(randomWords(1, 1, 4)).not.toEqual(randomWords(2, 1, 4));
    expect(randomWords(1, 1, 4)).not.toEqual(randomWords(1, 2, 4));
  });

  it('give every integer below the bound equally often', () => {
    const [count, below] = [60_000, 6];
    const frequencies = new Array<number>(below).fill(0);
    for (const face of randomIntegers(5, 1, count, below)) frequencies[face] = (frequencies[face] ?? 0) + 1;
    const expected = count / below;
    const chiSquared = frequencies.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(20.5); // 0.999 quantile of chi-squared with 5 degrees of freedom
  });
});
