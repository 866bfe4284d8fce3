import { describe, expect, it } from 'vitest';
import { makePoint } from '../point.ts';
import { describeDifference, EXACT } from './compare.ts';

const point = (...numbers: number[]) => makePoint('f32', [numbers.length], numbers);
const within = (relative: number, floor = 0) => ({ relative, floor });

describe('describeDifference', () => {
  it('finds nothing where everything is equal, NaN and infinities included', () => {
    expect(describeDifference(point(1, NaN, Infinity), point(1, NaN, Infinity), EXACT)).toBeUndefined();
  });

  it('names the first place that differs, and how many more', () => {
    const actual = makePoint('f32', [2, 2], [1, 2, 3, 4]);
    const expected = makePoint('f32', [2, 2], [1, 2, 5, 6]);
    expect(describeDifference(actual, expected, EXACT)).toBe('at [1, 0] is 3, the oracle says 5 (and 1 more)');
  });

  it('allows errors relative to the number, or to the floor where the number is smaller', () => {
    expect(describeDifference(point(100.05), point(100), within(1e-3))).toBeUndefined();
    expect(describeDifference(point(0.0005), point(0), within(1e-3))).toBeDefined();
    expect(describeDifference(point(0.0005), point(0), within(1e-3, 1))).toBeUndefined();
  });

  it('never allows NaN or infinity where the oracle has a number, nor the other way round', () => {
    for (const [a, b] of [
      [NaN, 1],
      [1, NaN],
      [Infinity, 1],
      [3e38, Infinity],
      [-Infinity, Infinity],
    ] as const) {
      expect(describeDifference(point(a), point(b), within(1, 1e38))).toBeDefined();
    }
  });

  it('takes what f32 cannot hold for infinite', () => {
    expect(describeDifference(point(Infinity), { dtype: 'f32', shape: [1], data: [1e39] }, EXACT)).toBeUndefined();
  });

  it('tells a wrong type from a wrong number', () => {
    const expected = makePoint('i32', [1], [1]);
    expect(describeDifference(point(1), expected, EXACT)).toBe('is f32[1], not i32[1]');
  });
});
