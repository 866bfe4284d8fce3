import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_SAMPLE, makeSample, pairedDifferences, sampleMean, seedMeans } from './sample.ts';

const perPrompt = (seed: number, values: Record<string, number | null>) => ({
  seed,
  prompts: Object.keys(values),
  values: Object.values(values),
});

describe('makeSample', () => {
  it('keeps holes as holes: a missing value is not 0', () => {
    const sample = makeSample([perPrompt(1, { a: 2, b: null }), perPrompt(2, { a: 4, b: 8 })]);
    expect(seedMeans(sample)).toEqual([2, 6]);
    expect(sampleMean(sample)).toBe(4);
  });

  it('treats NaN and infinite values as missing', () => {
    const sample = makeSample([
      { seed: 1, value: NaN },
      { seed: 2, value: Infinity },
      { seed: 3, value: 5 },
    ]);
    expect(sample.seeds).toEqual([3]);
    expect(sampleMean(sample)).toBe(5);
  });

  it('has no mean without values', () => {
    expect(sampleMean(makeSample([{ seed: 1, value: null }]))).toBeNull();
    expect(sampleMean(EMPTY_SAMPLE)).toBeNull();
  });

  it('counts every seed the same, whatever its number of prompts', () => {
    const sample = makeSample([perPrompt(1, { a: 0, b: 0, c: 0 }), perPrompt(2, { a: 1 })]);
    expect(sampleMean(sample)).toBe(0.5);
  });

  it('falls back to one number per seed when one seed has no more than that', () => {
    const sample = makeSample([perPrompt(1, { a: 1, b: 3 }), { seed: 2, value: 10 }]);
    expect(sample).toMatchObject({ level: 'seed', seeds: [1, 2], prompts: [''] });
    expect(seedMeans(sample)).toEqual([2, 10]);
  });

  it('keeps the values per prompt of other seeds when one seed has none at all', () => {
    const sample = makeSample([perPrompt(1, { a: 1, b: 3 }), { seed: 2, value: null }]);
    expect(sample).toMatchObject({ level: 'prompt', seeds: [1], prompts: ['a', 'b'] });
  });
});

describe('pairedDifferences', () => {
  it('pairs by seed and prompt, not by position', () => {
    const arm = makeSample([perPrompt(2, { b: 20, a: 10 }), perPrompt(1, { a: 5 })]);
    const baseline = makeSample([perPrompt(1, { a: 1, c: 9 }), perPrompt(2, { a: 2, b: 3 }), perPrompt(3, { a: 0 })]);
    const differences = pairedDifferences(arm, baseline);
    expect(differences.seeds).toEqual([2, 1]);
    expect(seedMeans(differences)).toEqual([(17 + 8) / 2, 4]);
  });

  it('compares seeds when one arm has one number per seed', () => {
    const arm = makeSample([perPrompt(1, { a: 1, b: 3 }), perPrompt(2, { a: 5 })]);
    const baseline = makeSample([
      { seed: 1, value: 1 },
      { seed: 2, value: 1 },
    ]);
    expect(pairedDifferences(arm, baseline)).toMatchObject({ level: 'seed', seeds: [1, 2] });
    expect(sampleMean(pairedDifferences(arm, baseline))).toBe(2.5);
  });

  it('is empty when no seed is shared', () => {
    const [arm, baseline] = [makeSample([{ seed: 1, value: 1 }]), makeSample([{ seed: 2, value: 1 }])];
    expect(sampleMean(pairedDifferences(arm, baseline))).toBeNull();
  });

  it('changes sign when the arms change places', () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(values, values, (ours, theirs) => {
        const [arm, baseline] = [ours, theirs].map((all) =>
          makeSample(all.map((value, index) => ({ seed: index, value }))),
        );
        if (!arm || !baseline) throw new Error('both samples exist');
        expect(sampleMean(pairedDifferences(arm, baseline))).toBeCloseTo(
          -(sampleMean(pairedDifferences(baseline, arm)) ?? NaN),
          10,
        );
      }),
    );
  });
});
