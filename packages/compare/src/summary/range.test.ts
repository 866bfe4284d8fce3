import { describe, expect, it } from 'vitest';
import type { RawComparison } from '../raw/schema.ts';
import { smallComparison } from '../testdata/smallComparison.ts';
import { clipInterval } from './range.ts';
import { summarize } from './summarize.ts';

/** An accuracy near its end: with 3 seeds the widened interval would reach beyond 1. */
function accuracy(range: RawComparison['metrics'][number]['range']): RawComparison {
  const raw = smallComparison({ none: [0.05, 0.02, 0], arm: [0.9, 0.97, 1] });
  return { ...raw, metrics: [{ id: 'score', label: 'Accuracy', better: 'higher', ...(range ? { range } : {}) }] };
}

describe('the range of a metric', () => {
  it('is not left by intervals of means, nor its width by those of differences', () => {
    const [free] = summarize(accuracy(undefined)).measures;
    expect(free?.estimates[1]?.interval?.high).toBeGreaterThan(1);
    expect(free?.contrasts[0]?.interval?.high).toBeGreaterThan(1);

    const [clipped] = summarize(accuracy({ low: 0, high: 1 })).measures;
    expect(clipped?.estimates[0]?.interval?.low).toBe(0);
    expect(clipped?.estimates[1]?.interval?.high).toBe(1);
    expect(clipped?.estimates[1]?.interval?.low).toBe(free?.estimates[1]?.interval?.low);
    expect(clipped?.contrasts[0]?.interval?.high).toBe(1);
  });

  it('with one end says nothing about differences', () => {
    const [half] = summarize(accuracy({ low: 0 })).measures;
    expect(half?.estimates[0]?.interval?.low).toBe(0);
    expect(half?.contrasts[0]?.interval).toEqual(summarize(accuracy(undefined)).measures[0]?.contrasts[0]?.interval);
  });

  it('is stated in the method, where there is one', () => {
    const method = (raw: RawComparison): string => summarize(raw).method.join(' ');
    expect(method(accuracy({ low: 0, high: 1 }))).toContain('range of their metric (Accuracy from 0 to 1)');
    expect(method(accuracy({ low: 0 }))).toContain('range of their metric (Accuracy at least 0)');
    expect(method(accuracy({ high: 1 }))).toContain('range of their metric (Accuracy at most 1)');
    expect(method(accuracy(undefined))).not.toContain('range');
  });

  it('must have its ends in order', () => {
    expect(() => summarize(accuracy({ low: 1, high: 0 }))).toThrow('metrics.0.range: low (1) must be below high (0)');
  });

  it('leaves an estimate inside its interval, also one that rounding put outside the range', () => {
    const interval = { low: -0.3, high: 0.2, over: 'prompts' } as const;
    expect(clipInterval(interval, -1e-9, { low: 0 })).toEqual({ ...interval, low: -1e-9 });
    expect(clipInterval(null, 1, { low: 0 })).toBeNull();
  });
});
