import { describe, expect, it } from 'vitest';
import { normals } from '../testdata/simulateComparison.ts';
import { smallComparison, type Values } from '../testdata/smallComparison.ts';
import type { Analysis } from './schema.ts';
import { summarize } from './summarize.ts';

function methodOf(values: Values, options: Partial<Analysis> = {}): string {
  return summarize(smallComparison(values), options).method.join('\n');
}

describe('the method notes', () => {
  it('measure what a test by seed can show against the chosen confidence', () => {
    const values = { none: normals(1, 5), arm: normals(2, 5) }; // the smallest p is 2/32 = 0.0625
    expect(methodOf(values)).toContain('With 5 seeds a test by seed cannot give a p below 0.063');
    expect(methodOf(values, { confidence: 0.9 })).not.toContain('a test by seed cannot give');
    const seven = { none: normals(1, 7), arm: normals(2, 7) };
    expect(methodOf(seven, { confidence: 0.99 })).toContain('With 7 seeds a test by seed cannot give a p below 0.016');
  });

  it('give the widening of every number of seeds that intervals rest on', () => {
    const method = methodOf({ none: [1, 2, 3], arm: [2, 3, null] });
    expect(method).toMatch(/multiplied by 2\.69 with 3 seeds and 9\.17 with 2 seeds/);
  });

  it('count intervals that exist: two arms of one shared seed and one number have tests but no interval', () => {
    const summary = summarize(smallComparison({ none: [1, 2, 3], arm: [2, 3, 5], single: [2, null, null] }));
    expect(summary.tests).toBe(2);
    expect(summary.method.join('\n')).toContain('of 1 interval of no difference, about 0.1 would');
  });

  it('claim no intervals over prompts where one seed has one number', () => {
    const method = methodOf({ none: [1], arm: [2] });
    expect(method).toContain('There are no intervals: one seed with one number has none.');
    expect(method).not.toContain('prompts alone are redrawn');
    expect(method).not.toContain('would leave out 0 by chance');
  });

  it('say of each kind of interval only what occurs', () => {
    const rows = [normals(1, 8), normals(2, 8)];
    const crossed = methodOf({ none: rows, arm: rows });
    expect(crossed).toContain('both are redrawn together');
    expect(crossed).not.toContain('alone are redrawn');
    const partly = methodOf({ none: rows, arm: [rows[0] ?? [], null] });
    expect(partly).toContain('both are redrawn together');
    expect(partly).toContain('Where there is one seed, prompts alone are redrawn');
  });
});

describe('a comparison on rows without prompts', () => {
  const rows = [normals(1, 8), normals(2, 8)];

  it('speaks of rows in notes, intervals, tests and holes', () => {
    const raw = smallComparison({ none: rows, arm: [rows[0]!, normals(3, 7)] });
    const summary = summarize({ ...raw, unit: 'row' });
    expect(summary.method.join('\n')).not.toContain('prompt');
    expect(summary.method.join('\n')).toContain('The unit is the row, flipped in all seeds at once');
    expect(summary.missing).toEqual(['arm, seed 1: no value for some rows of Score (1 of 8)']);
    const [contrast] = summary.measures[0]!.contrasts;
    expect(contrast).toMatchObject({ interval: { over: 'seeds and rows' }, test: { unit: 'row', units: 8 } });
    expect(contrast!.sentence).not.toContain('prompt');
  });

  it('has the same numbers as one on prompts', () => {
    const raw = smallComparison({ none: rows, arm: rows.map((row) => row.map((value) => value + 1)) });
    const withoutWords = (unit: 'row' | 'prompt') =>
      summarize({ ...raw, unit }).measures[0]!.contrasts.map(({ interval, test, difference }) => [
        difference,
        { ...interval, over: '' },
        { ...test, unit: '' },
      ]);
    expect(withoutWords('row')).toEqual(withoutWords('prompt'));
  });
});
