import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStatisticsGolden } from '../testdata/golden.ts';
import { normals } from '../testdata/simulateComparison.ts';
import { makeDraws } from './draws.ts';
import { makeSample, sampleMean, type Sample } from './sample.ts';
import { signFlipTest, unitShares } from './signFlip.ts';

const draws = makeDraws(1, 100, 5000);

function prompts(...rows: (readonly number[])[]): Sample {
  return makeSample(rows.map((row, seed) => ({ seed, prompts: row.map((_, p) => `p${p}`), values: row })));
}

describe('against scipy', () => {
  const cases = readStatisticsGolden().signFlips;

  it.each(cases.filter(({ exact }) => exact))('is exact for $differences', ({ differences, p }) => {
    const test = signFlipTest(prompts(differences), 'prompt', draws);
    expect(test?.method).toBe('exact');
    expect(test?.p).toBeCloseTo(p, 12); // both count patterns; only the division rounds
  });

  it.each(cases.filter(({ exact }) => !exact))('agrees on $p up to the luck of the draw', ({ differences, p }) => {
    const permutations = 20_000;
    const test = signFlipTest(prompts(differences), 'prompt', makeDraws(2, 100, permutations));
    expect(test?.method).toBe('monte-carlo');
    const standardError = Math.sqrt((p * (1 - p)) / permutations + (p * (1 - p)) / 200_000);
    expect(Math.abs((test?.p ?? NaN) - p)).toBeLessThan(4 * standardError + 1 / permutations);
  });
});

describe('signFlipTest', () => {
  it('cannot give less than 0.25 with 3 seeds, and says so', () => {
    const test = signFlipTest(prompts([5, 6], [5, 6], [5, 6]), 'seed', draws);
    expect(test).toMatchObject({ unit: 'seed', units: 3, method: 'exact', p: 0.25, smallestPossible: 0.25 });
  });

  it('is never 0, however large the difference', () => {
    const test = signFlipTest(prompts(normals(1, 64).map((noise) => 100 + noise)), 'prompt', draws);
    expect(test?.p).toBe(1 / (draws.permutations + 1));
    expect(test?.smallestPossible).toBe(1 / (draws.permutations + 1));
  });

  it('is 1 when the arms are identical', () => {
    expect(signFlipTest(prompts([0, 0, 0], [0, 0, 0]), 'prompt', draws)?.p).toBe(1);
    expect(signFlipTest(prompts(new Array<number>(40).fill(0)), 'prompt', draws)?.p).toBe(1);
  });

  it('has nothing to say about prompts when there is one number per seed', () => {
    const sample = makeSample([
      { seed: 1, value: 1 },
      { seed: 2, value: 2 },
    ]);
    expect(signFlipTest(sample, 'prompt', draws)).toBeNull();
    expect(signFlipTest(sample, 'seed', draws)?.p).toBe(0.5);
  });

  it('does not care for the sign, the scale or the order of the prompts', () => {
    const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), (differences, scale) => {
        const p = signFlipTest(prompts(differences), 'prompt', draws)?.p;
        expect(signFlipTest(prompts(differences.map((value) => -value)), 'prompt', draws)?.p).toBe(p);
        expect(signFlipTest(prompts(differences.map((value) => value * scale)), 'prompt', draws)?.p).toBe(p);
        expect(signFlipTest(prompts([...differences].reverse()), 'prompt', draws)?.p).toBe(p);
      }),
    );
  });

  it.each([8, 24])('has uniform p-values under the null hypothesis (%i prompts × 3 seeds)', (count) => {
    const repetitions = 400;
    const pValues = Array.from({ length: repetitions }, (_, repetition) => {
      const noise = normals(1000 + repetition, 3 * count);
      const rows = [0, 1, 2].map((seed) => noise.slice(seed * count, (seed + 1) * count));
      return signFlipTest(prompts(...rows), 'prompt', makeDraws(repetition, 100, 500))?.p ?? NaN;
    }).sort((left, right) => left - right);
    const distance = Math.max(...pValues.map((p, index) => Math.abs(p - (index + 0.5) / repetitions)));
    expect(distance).toBeLessThan(1.95 / Math.sqrt(repetitions)); // 0.999 quantile of Kolmogorov's distribution
  });
});

describe('unitShares', () => {
  it('add up to the mean, also with holes', () => {
    const sample = makeSample([
      { seed: 1, prompts: ['a', 'b', 'c'], values: [1, null, 3] },
      { seed: 2, prompts: ['a', 'b', 'c'], values: [2, 7, null] },
    ]);
    for (const unit of ['seed', 'prompt'] as const) {
      expect(unitShares(sample, unit).reduce((sum, share) => sum + share, 0)).toBeCloseTo(
        sampleMean(sample) ?? NaN,
        12,
      );
    }
  });
});
