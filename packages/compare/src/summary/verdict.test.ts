import { describe, expect, it } from 'vitest';
import { normals } from '../testdata/simulateComparison.ts';
import { smallComparison, type Values } from '../testdata/smallComparison.ts';
import { summarize } from './summarize.ts';
import type { Analysis, Contrast } from './schema.ts';

function contrastOf(values: Values, arm: string, options: Partial<Analysis> = {}): Contrast {
  const found = summarize(smallComparison(values), options).measures[0]?.contrasts.find((one) => one.arm === arm);
  if (!found) throw new Error(`no contrast of ${arm}`);
  return found;
}

const shifted = (values: readonly number[], shifts: readonly number[]): number[] =>
  values.map((value, index) => value + (shifts[index] ?? 0));

describe('why no difference is shown', () => {
  const six = normals(3, 6);
  const almostAll = shifted(six, [-0.05, 1, 1, 1, 1, 1]); // 4 of 64 sign patterns are so extreme: p = 0.0625
  const allPositive = shifted(six, [1, 1.1, 0.9, 1, 1.2, 1]); // p = 2 / 64

  it('is the test, where p is too large before any correction', () => {
    const contrast = contrastOf({ none: six, arm: almostAll }, 'arm');
    expect(contrast.interval?.low).toBeGreaterThan(0);
    expect(contrast).toMatchObject({ outcome: 'not shown', correctedP: 0.0625 });
    expect(contrast.sentence).toContain('The interval leaves out 0, but the test does not show it.');
    expect(contrast.sentence).not.toContain('so many measures');
  });

  it('is the number of measures, where p is small enough before the correction only', () => {
    const ten = normals(3, 10);
    const arm = shifted(ten, [-0.9, -0.3, 1, 1.1, 1.2, 1, 1, 1, 1, 1]); // 2 / 1024 × 5 tests could have been enough
    const contrast = contrastOf({ none: ten, arm, b: ten, c: ten, d: ten, e: ten }, 'arm');
    expect(contrast.test?.p).toBeLessThan(0.05);
    expect(contrast.correctedP).toBeGreaterThan(0.05);
    expect(contrast.sentence).toContain('The interval leaves out 0, but so many measures need a smaller p.');
  });

  it('is the number of seeds, where even the smallest possible p may not survive the correction', () => {
    const contrast = contrastOf({ none: six, arm: allPositive, other: six }, 'arm');
    expect(contrast).toMatchObject({ outcome: 'not shown', test: { p: 0.03125, smallestPossible: 0.03125 } });
    expect(contrast.sentence).toContain(
      'With 6 seeds the smallest possible p is 0.031, which the correction over 2 tests can raise to 0.063.',
    );
  });

  it('is not the number of seeds, where the correction left p small enough: then the interval holds 0', () => {
    const ten = normals(3, 10);
    const oneLarge = [...shifted(ten.slice(0, 6), [0.01, 0.01, 0.01, 0.01, 0.01, 5]), null, null, null, null];
    const contrast = contrastOf({ none: ten, arm: oneLarge, other: ten.map((value) => value + 1) }, 'arm');
    expect(contrast.interval?.low).toBeLessThan(0);
    expect(contrast.correctedP).toBe(2 / 2 ** 6); // the other arm's p is smaller, so this one is multiplied by 1
    expect(contrast.sentence).not.toContain('smallest possible p');
  });

  it('is the number of random patterns, where those limit p', () => {
    const seeds = normals(3, 24);
    const arms = Array.from({ length: 6 }, (_, arm) => [`arm${arm}`, seeds.map((value) => value + 1)] as const);
    const contrast = contrastOf({ none: seeds, ...Object.fromEntries(arms) }, 'arm0', { permutations: 100 });
    expect(contrast.sentence).toContain('With so many random sign patterns the smallest possible p is 0.010');
  });
});

describe('a p-value that no random sign pattern reached', () => {
  it('is written as a bound, also after the correction', () => {
    const rows = [normals(1, 32), normals(2, 32), normals(3, 32)];
    const better = rows.map((row) => row.map((value, p) => value + 1 + 0.01 * (p % 5)));
    const contrast = contrastOf({ none: rows, better, other: rows }, 'better', { permutations: 1000 });
    expect(contrast.correctedP).toBe(2 / 1001);
    expect(contrast.outcome).toBe('better');
    expect(contrast.sentence).toContain('corrected p \u2264 0.002');
  });
});

describe('which test decides', () => {
  it('is the one that can give the smaller p: by seed where there is one prompt and many seeds', () => {
    const seeds = normals(5, 10);
    const values = {
      none: seeds.map((value) => [value]),
      arm: seeds.map((value, seed) => [value + 2 + 0.01 * seed]),
    };
    const contrast = contrastOf(values, 'arm');
    expect(contrast).toMatchObject({ outcome: 'better', test: { unit: 'seed', units: 10, p: 2 / 2 ** 10 } });
  });

  it('does not depend on the outcome: prompts decide where there are as many or more, even with a larger p', () => {
    const none = Array.from({ length: 8 }, () => new Array<number>(8).fill(0));
    const arm = none.map((row) => row.map((_, p) => (p % 2 === 0 ? 1.2 : -1))); // every seed alike, prompts not
    const contrast = contrastOf({ none, arm }, 'arm');
    expect(contrast.seedTest?.p).toBe(2 / 2 ** 8);
    expect(contrast.test).toMatchObject({ unit: 'prompt' });
    expect(contrast.test?.p).toBeGreaterThan(0.5);
  });
});

describe('how many seeds a difference rests on', () => {
  const rows = (center: number, stream: number): number[] => normals(stream, 24).map((noise) => center + 0.1 * noise);

  it('is said wherever it is fewer than declared', () => {
    const none = [rows(0, 1), rows(0, 2), rows(0, 3)];
    const summary = summarize(smallComparison({ none, one: [rows(1, 4), null, null], all: none }));
    const [one, all] = summary.verdicts.map(({ sentence }) => sentence);
    expect(summary.headline.sentence).toMatch(/^one is better than none on Score by .*, 1 of 3 seeds\)\.$/);
    expect(one).toContain('Over 1 measure: better on 1 (1 of them on fewer than 3 seeds).');
    expect(all).not.toContain('of 3 seeds');
  });

  it('is said by the headline that shows nothing', () => {
    const none = [rows(0, 1), rows(0, 2), rows(0, 3)];
    const summary = summarize(smallComparison({ none, same: [none[0] ?? [], null, null], lost: [null, null, null] }));
    expect(summary.headline.sentence).toContain(
      'Not all could be compared on every seed: same on 1 of 3 seeds and lost on no seed.',
    );
  });
});
