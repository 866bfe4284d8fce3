import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStatisticsGolden } from '../testdata/golden.ts';
import { normals } from '../testdata/simulateComparison.ts';
import { bootstrapInterval, bootstrapMeans, fewUnitsExpansion } from './bootstrap.ts';
import { makeDraws } from './draws.ts';
import { makeSample, type Sample } from './sample.ts';

const draws = makeDraws(1, 1000, 100);

/** [S][P] to a sample with seeds 0… and shared prompts. */
function crossed(values: readonly (readonly number[])[]): Sample {
  return makeSample(values.map((row, seed) => ({ seed, prompts: row.map((_, p) => `p${p}`), values: row })));
}

function perSeed(values: readonly number[]): Sample {
  return makeSample(values.map((value, seed) => ({ seed, value })));
}

describe('against numpy and scipy', () => {
  const golden = readStatisticsGolden();

  it('gives numpy’s resampled means for the same indices', () => {
    const { values, seedIndices, promptIndices, resamples, ...expected } = golden.crossedBootstrap;
    const resampling = { seedIndices, promptIndices, resamples };
    const plain = bootstrapMeans(crossed(values), { ...resampling, seedExpansion: 1, promptExpansion: 1 });
    const { seedExpansion, promptExpansion } = expected;
    const expanded = bootstrapMeans(crossed(values), { ...resampling, seedExpansion, promptExpansion });
    // Sums in another order: a few roundings of numbers near 1.
    plain.forEach((mean, index) => expect(mean).toBeCloseTo(expected.plainMeans[index] ?? NaN, 12));
    expanded.forEach((mean, index) => expect(mean).toBeCloseTo(expected.expandedMeans[index] ?? NaN, 12));
  });

  it('gives numpy’s interval for the same indices', () => {
    const { values, seedIndices, promptIndices, resamples, confidence, interval } = golden.crossedBootstrap;
    const given = {
      resamples,
      permutations: 0,
      seedIndices: () => Uint32Array.from(seedIndices),
      promptIndices: () => Uint32Array.from(promptIndices),
      signBits: () => new Uint32Array(),
    };
    const found = bootstrapInterval(crossed(values), confidence, given);
    expect(found?.low).toBeCloseTo(interval.low, 8); // the expansion's quantiles agree to 1e-8
    expect(found?.high).toBeCloseTo(interval.high, 8);
  });

  it('gives scipy’s percentile interval, up to the luck of the draw and the widening for 200 prompts', () => {
    const { values, low, high, standardError } = golden.scipyBootstrap;
    const found = bootstrapInterval(crossed([values]), 0.95, makeDraws(3, 20_000, 100));
    // An end of 20 000 resamples wanders by 0.02 standard errors; the widening is 0.9 %, 0.018 standard errors an end.
    expect(Math.abs((found?.low ?? NaN) - low)).toBeLessThan(0.08 * standardError);
    expect(Math.abs((found?.high ?? NaN) - high)).toBeLessThan(0.08 * standardError);
  });
});

describe('coverage of the 95 % interval on simulated data', () => {
  interface Truth {
    readonly seeds: number;
    readonly prompts: number;
    readonly between: { readonly seeds: number; readonly prompts: number; readonly both: number };
  }

  /** How often the interval of a comparison without any difference holds 0. */
  function coverage({ seeds, prompts, between }: Truth, repetitions: number): number {
    let covered = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const noise = normals(repetition, seeds + prompts + seeds * prompts);
      const at = (index: number): number => noise[index] ?? NaN;
      const rows = Array.from({ length: seeds }, (_, s) =>
        Array.from(
          { length: prompts },
          (__, p) =>
            between.seeds * at(s) +
            between.prompts * at(seeds + p) +
            between.both * at(seeds + prompts + s * prompts + p),
        ),
      );
      const interval = bootstrapInterval(prompts === 1 ? perSeed(rows.flat()) : crossed(rows), 0.95, draws);
      if (interval && interval.low <= 0 && interval.high >= 0) covered += 1;
    }
    return covered / repetitions;
  }

  // With 400 repetitions a coverage of 0.95 is seen as 0.95 ± 0.033 (3 standard errors).
  const LOWEST = 0.917;
  const exact: Truth[] = [
    { seeds: 3, prompts: 1, between: { seeds: 1, prompts: 0, both: 0 } },
    { seeds: 5, prompts: 1, between: { seeds: 1, prompts: 0, both: 0 } },
    { seeds: 10, prompts: 1, between: { seeds: 1, prompts: 0, both: 0 } },
    { seeds: 1, prompts: 40, between: { seeds: 0, prompts: 1, both: 1 } },
    { seeds: 10, prompts: 40, between: { seeds: 0.1, prompts: 1, both: 1 } },
  ];
  it.each(exact)('is 0.95 with $seeds seeds × $prompts prompts', (truth) => {
    const seen = coverage(truth, 400);
    expect(seen).toBeGreaterThan(LOWEST);
    expect(seen).toBeLessThan(0.983);
  });

  it('is not less than 0.95 with 3 seeds, whether seeds, prompts or both vary', () => {
    for (const between of [
      { seeds: 0.5, prompts: 0.2, both: 0.2 },
      { seeds: 0, prompts: 1, both: 0.5 },
      { seeds: 0.1, prompts: 1, both: 1 },
    ]) {
      expect(coverage({ seeds: 3, prompts: 40, between }, 300)).toBeGreaterThan(0.912); // 3 standard errors of 300
    }
  });

  it('would be far too low with 3 seeds if the interval were not widened', () => {
    // The range of 3 values, which is what the plain percentile interval is here, holds the median 3 times in 4.
    const plain = (values: readonly number[]): boolean => Math.min(...values) <= 0 && Math.max(...values) >= 0;
    const covered = Array.from({ length: 400 }, (_, repetition) => plain(normals(repetition, 3))).filter(Boolean);
    expect(covered.length / 400).toBeLessThan(0.82);
  });
});

describe('bootstrapInterval', () => {
  const numbers = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 12 });

  it('moves and stretches with the data', () => {
    fc.assert(
      fc.property(
        numbers,
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: 0.1, max: 4, noNaN: true }),
        (values, shift, scale) => {
          const before = bootstrapInterval(perSeed(values), 0.95, draws);
          const after = bootstrapInterval(perSeed(values.map((value) => shift + scale * value)), 0.95, draws);
          expect(after?.low).toBeCloseTo(shift + scale * (before?.low ?? NaN), 8);
          expect(after?.high).toBeCloseTo(shift + scale * (before?.high ?? NaN), 8);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is the point itself when nothing varies', () => {
    const interval = bootstrapInterval(
      crossed([
        [2, 2, 2],
        [2, 2, 2],
      ]),
      0.95,
      draws,
    );
    expect(interval).toEqual({ low: 2, high: 2, over: 'seeds and prompts' });
  });

  it('says what it speaks about', () => {
    expect(
      bootstrapInterval(
        crossed([
          [1, 2, 3],
          [2, 3, 5],
        ]),
        0.95,
        draws,
      )?.over,
    ).toBe('seeds and prompts');
    expect(bootstrapInterval(perSeed([1, 2, 3]), 0.95, draws)?.over).toBe('seeds');
    expect(bootstrapInterval(crossed([[1, 2, 3]]), 0.95, draws)?.over).toBe('prompts');
    expect(bootstrapInterval(perSeed([1]), 0.95, draws)).toBeNull();
  });

  it('grows with the confidence', () => {
    const sample = crossed([normals(1, 20), normals(2, 20), normals(3, 20)]);
    const widths = [0.8, 0.9, 0.95, 0.99].map((confidence) => {
      const interval = bootstrapInterval(sample, confidence, draws);
      return (interval?.high ?? NaN) - (interval?.low ?? NaN);
    });
    expect(widths).toEqual([...widths].sort((left, right) => left - right));
  });

  it('copes with prompts that only some seeds have', () => {
    const sample = makeSample([
      { seed: 1, prompts: ['a', 'b', 'c'], values: [1, 1, 1] },
      { seed: 2, prompts: ['d', 'e', 'f'], values: [3, 3, 3] },
    ]);
    const interval = bootstrapInterval(sample, 0.95, draws);
    expect(interval?.low).toBeLessThan(2);
    expect(interval?.high).toBeGreaterThan(2);
    expect(Number.isFinite(interval?.low) && Number.isFinite(interval?.high)).toBe(true);
  });
});

describe('fewUnitsExpansion', () => {
  it('is 2.69 for 3 units and goes to 1 for many', () => {
    expect(fewUnitsExpansion(3, 0.95)).toBeCloseTo(Math.sqrt(1.5) * (4.302653 / 1.959964), 5);
    expect(fewUnitsExpansion(2000, 0.95)).toBeCloseTo(1, 2);
    expect(fewUnitsExpansion(1, 0.95)).toBe(1);
  });
});
