import { expect, it } from 'vitest';
import { erfOf } from '../index.ts';

/** x and erf(x) from scipy.special.erf (SciPy 1.17); around 2.5 the method changes. */
const TABLE: readonly (readonly [number, number])[] = [
  [1e-300, 1.1283791670955126e-300],
  [1e-8, 1.1283791670955125e-8],
  [0.1, 0.1124629160182849],
  [0.25, 0.2763263901682369],
  [0.5, 0.5204998778130465],
  [0.75, 0.7111556336535151],
  [1.0, 0.8427007929497148],
  [1.5, 0.9661051464753108],
  [2.0, 0.9953222650189527],
  [2.4, 0.999311486103355],
  [2.499999, 0.9995930458042653],
  [2.5, 0.999593047982555],
  [2.500001, 0.9995930501608338],
  [2.6, 0.9997639655834707],
  [3.0, 0.9999779095030014],
  [3.5, 0.9999992569016276],
  [4.0, 0.9999999845827421],
  [5.0, 0.9999999999984626],
  [5.9, 0.9999999999999999],
  [6.0, 1.0],
  [7.0, 1.0],
  [30.0, 1.0],
];

it.each(TABLE)('erf(%d) agrees with SciPy to 1e-12 relative', (x, expected) => {
  expect(Math.abs(erfOf(x) - expected)).toBeLessThanOrEqual(1e-12 * expected);
  expect(erfOf(-x)).toBe(-erfOf(x));
});

it('is exact at 0 and infinity, and keeps NaN', () => {
  expect(erfOf(0)).toBe(0);
  expect([erfOf(Infinity), erfOf(-Infinity)]).toEqual([1, -1]);
  expect(erfOf(Number.NaN)).toBeNaN();
});
