import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, groupByLength, rowsOf } from './buckets.ts';

describe('buckets', () => {
  it('hold the length and are never more than half too large beyond the smallest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (length) => {
        const size = bucketOf(length);
        expect(size).toBeGreaterThanOrEqual(length);
        if (size > 16) expect(size).toBeLessThanOrEqual(1.5 * length);
        expect(bucketOf(size)).toBe(size);
      }),
    );
  });

  it('have a number of rows that is a power of two or the most', () => {
    expect([1, 2, 3, 5, 11, 12, 20].map((count) => rowsOf(count, 12))).toEqual([1, 2, 4, 8, 12, 12, 12]);
  });

  it('group every prompt once, shortest first', () => {
    const prompts = [5, 1, 9, 1, 3].map((length) => ({ length }));
    expect(groupByLength(prompts, 2)).toEqual([[1, 3], [4, 0], [2]]);
    expect(groupByLength([], 2)).toEqual([]);
  });
});
