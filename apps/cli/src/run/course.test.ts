import { describe, expect, it } from 'vitest';
import { costOf, curvesOf, frontierOf } from './course.ts';

const timing = (step: number, seconds: number, peakMemoryBytes: number) => ({
  step,
  seconds,
  tokens: 10,
  peakMemoryBytes,
});

describe('the course of a run', () => {
  it('has a curve of every metric, with those of evaluations under names of their own', () => {
    const lines = [
      { step: 1, loss: 2 },
      { step: 2, loss: 1 },
      { step: 2, evaluation: true, kl: 0.5, reward: 3, measure: 'accuracy', 'eval/loss': 1.5 },
    ];
    expect(curvesOf(lines)).toEqual({
      loss: { steps: [1, 2], values: [2, 1] },
      'eval/loss': { steps: [2], values: [1.5] },
    });
    expect(frontierOf(lines)).toEqual([{ step: 2, kl: 0.5, reward: 3, measure: 'accuracy' }]);
  });

  it('costs all its seconds, at the rate of its steps after the first ones', () => {
    const lines = [timing(1, 9, 50), timing(2, 5, 80), ...[3, 4, 5].map((step) => timing(step, 1, 60))];
    expect(costOf(lines)).toEqual({ seconds: 17, secondsPerStep: 1, tokensPerSecond: 10, peakMemoryBytes: 80 });
  });

  it('is told of runs of any length', () => {
    const lines = Array.from({ length: 300_000 }, (_, index) => timing(index + 1, 1, index));
    expect(costOf(lines)).toMatchObject({ seconds: 300_000, peakMemoryBytes: 299_999 });
  });
});
