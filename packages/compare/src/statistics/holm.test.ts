import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStatisticsGolden } from '../testdata/golden.ts';
import { holm } from './holm.ts';

describe('holm', () => {
  it.each(readStatisticsGolden().holm)('equals statsmodels for $p', ({ p, corrected }) => {
    holm(p).forEach((value, index) => expect(value).toBeCloseTo(corrected[index] ?? NaN, 12));
  });

  it('leaves out measures without a test', () => {
    expect(holm([null, 0.03, null, 0.01])).toEqual([null, 0.03, null, 0.02]);
    expect(holm([])).toEqual([]);
  });

  it('never lowers a p-value, never exceeds 1 and keeps the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (pValues) => {
        const corrected = holm(pValues).map((p) => p ?? NaN);
        corrected.forEach((p, index) => {
          expect(p).toBeGreaterThanOrEqual(pValues[index] ?? NaN);
          expect(p).toBeLessThanOrEqual(1);
        });
        const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0));
        const sorted = order.map((index) => corrected[index] ?? NaN);
        expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
      }),
    );
  });
});
