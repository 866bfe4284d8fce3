import { describe, expect, it } from 'vitest';
import { readStatisticsGolden } from '../testdata/golden.ts';
import { normalCdf, normalQuantile, studentCdf, studentQuantile } from './distributions.ts';

const { quantiles } = readStatisticsGolden();

describe('quantiles equal those of scipy', () => {
  // The bisection stops within 1e-13 in probability; at the flattest point here that is 1e-8 of the quantile.
  it.each(quantiles.student)('Student t($degrees) at $probability', ({ probability, degrees, value }) => {
    expect(Math.abs(studentQuantile(probability, degrees) / value - 1)).toBeLessThan(1e-8);
  });

  it.each(quantiles.normal)('normal at $probability', ({ probability, value }) => {
    expect(Math.abs(normalQuantile(probability) / value - 1)).toBeLessThan(1e-8);
  });
});

describe('distribution functions', () => {
  it('are symmetric around 0', () => {
    for (const x of [0, 0.3, 1, 2.5, 7, 9]) {
      expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 14);
      for (const degrees of [1, 2, 3, 8]) expect(studentCdf(x, degrees) + studentCdf(-x, degrees)).toBeCloseTo(1, 14);
    }
  });
});
