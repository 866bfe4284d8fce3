import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashText,
  mix32,
  randomBits,
  randomInteger,
  randomKey,
  randomPermutation,
  randomStream,
  randomUniform,
} from './random.ts';

describe('counter-based random numbers', () => {
  it('never change between versions: a resumed run must draw what the first one drew', () => {
    const draws = (seed: number, ...stream: number[]) =>
      [0, 1, 2].map((n) => randomBits(randomKey(seed, ...stream), n));
    expect([...draws(0), ...draws(1, 2, 3), ...draws(2 ** 40, 5)]).toMatchInlineSnapshot(`
      [
        673848264,
        3519057490,
        1321535404,
        13586846,
        4288654813,
        1450908609,
        2989422384,
        2996636269,
        3211389757,
      ]
    `);
  });

  it('differ between seeds, streams and orders of streams', () => {
    const first = (seed: number, ...stream: number[]) => randomBits(randomKey(seed, ...stream), 0);
    const values = [
      first(0),
      first(1),
      first(0, 0),
      first(0, 1),
      first(1, 0),
      first(2 ** 32),
      first(-1),
      first(0, 0, 0),
    ];
    expect(new Set(values).size).toBe(values.length);
  });

  it('fill 64 cells evenly, along counters and along streams', () => {
    const draws = 64_000;
    const chiSquare = (uniform: (n: number) => number) => {
      const cells = new Array<number>(64).fill(0);
      for (let n = 0; n < draws; n++) cells[Math.floor(uniform(n) * 64)]!++;
      return cells.reduce((sum, count) => sum + (count - draws / 64) ** 2 / (draws / 64), 0);
    };
    // 63 degrees of freedom: mean 63, standard deviation 11.2; 120 is 5 standard deviations out.
    const key = randomKey(7);
    expect(chiSquare((n) => randomUniform(key, n))).toBeLessThan(120);
    expect(chiSquare((n) => randomUniform(randomKey(7, n), 0))).toBeLessThan(120);
    expect(chiSquare((n) => randomUniform(randomKey(n), 3))).toBeLessThan(120);
  });

  it('flip half of the output bits when one bit of the counter flips', () => {
    const key = randomKey(11);
    let flipped = 0;
    for (let counter = 0; counter < 500; counter++) {
      for (let bit = 0; bit < 32; bit++) {
        let difference = randomBits(key, counter) ^ randomBits(key, counter ^ (1 << bit));
        for (; difference !== 0; difference &= difference - 1) flipped++;
      }
    }
    // 512,000 fair bits: standard deviation of the share 0.0007.
    expect(flipped / (500 * 32 * 32)).toBeCloseTo(0.5, 2);
  });

  it('shuffle every order about equally often', () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 24_000; n++) {
      const order = randomPermutation(randomKey(3, n), 4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 1,000 expected each, standard deviation 31: five of them.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(155);
  });

  it('shuffle any length into a permutation', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(200), (seed, length) => {
        const order = randomPermutation(randomKey(seed), length);
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length }, (_, index) => index));
      }),
    );
  });

  it('stay in range, and a stream draws the counters in turn', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 1000 }), (seed, bound) => {
        const key = randomKey(seed);
        const stream = randomStream(key);
        expect(stream.uniform()).toBe(randomUniform(key, 0));
        const drawn = stream.integer(bound);
        expect(drawn).toBe(randomInteger(key, 1, bound));
        expect(drawn >= 0 && drawn < bound && Number.isInteger(drawn)).toBe(true);
      }),
    );
  });

  it('refuse seeds that are not whole numbers and empty lists', () => {
    expect(() => randomKey(0.5)).toThrow(RangeError);
    expect(() => randomKey(Number.NaN)).toThrow(RangeError);
    expect(() => randomStream(randomKey(0)).pick([])).toThrow(RangeError);
  });

  it('hash texts and words without collisions among similar ones', () => {
    const texts = Array.from({ length: 10_000 }, (_, index) => hashText(`row ${index}`));
    expect(new Set(texts).size).toBe(10_000); // a collision among 10⁴ of 2³² has chance 1 %
    expect(new Set(Array.from({ length: 10_000 }, (_, index) => mix32(index))).size).toBe(10_000);
  });
});
