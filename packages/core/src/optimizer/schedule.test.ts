import { describe, expect, it } from 'vitest';
import { readOptimizerGolden } from '../testdata/optimizerGolden.ts';
import { learningRateAt, trainingSchema, weightsAt } from '../training/index.ts';
import { criticPenalty, divergencePenalty, tokenObjective } from '../testing/plugins.ts';
import { tinyModel } from '../testing/tinyModel.ts';
import { scheduleFactor, weightFactor, weightScheduleSchema } from './schedule.ts';

describe('learning-rate schedules', () => {
  it.each(readOptimizerGolden().schedules)(
    '$name with $warmupSteps warm-up steps of $totalSteps: as transformers',
    ({ factors, ...schedule }) => {
      // Python's and JavaScript's cosines may differ in the last bit.
      factors.forEach((factor, step) => expect(scheduleFactor(schedule, step)).toBeCloseTo(factor, 14));
    },
  );

  it('stay at their end beyond the last step', () => {
    expect(scheduleFactor({ name: 'linear', warmupSteps: 0, totalSteps: 4 }, 9)).toBe(0);
    expect(scheduleFactor({ name: 'constant', warmupSteps: 0, totalSteps: 4 }, 9)).toBe(1);
  });
});

const source = (training: Readonly<Record<string, unknown>>, totalSteps: number) => ({
  definition: {
    model: tinyModel(),
    objective: tokenObjective,
    regularizers: [divergencePenalty, criticPenalty],
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    maxGradNorm: 1,
    reference: 'inline' as const,
  },
  settings: trainingSchema.parse(training),
  totalSteps,
  penaltyWeights: [
    { weight: 0.5, schedule: weightScheduleSchema.parse({}) },
    { weight: 2, schedule: weightScheduleSchema.parse({ start: 0, end: 1, delay: 0.4 }) },
  ],
});

describe('the learning rate of a run', () => {
  it('takes the warm-up from warmup_ratio, rounded up as in transformers, unless warmup_steps is given', () => {
    const training = { learning_rate: 3, lr_scheduler_type: 'constant_with_warmup', warmup_ratio: 0.25 };
    const rates = [0, 1, 2, 3, 4].map((step) => learningRateAt(source(training, 9), step)); // ⌈2.25⌉ = 3 steps
    expect(rates).toEqual([0, 1, 2, 3, 3]);
    expect(learningRateAt(source({ ...training, warmup_steps: 0 }, 9), 0)).toBe(3);
  });

  it('refuses a warm-up that its schedule does not have, rather than pass over it', () => {
    const constant = { lr_scheduler_type: 'constant' };
    for (const warmup of [{ warmup_ratio: 0.1 }, { warmup_steps: 3 }]) {
      expect(() => trainingSchema.parse({ ...constant, ...warmup })).toThrow('say constant_with_warmup');
    }
    expect(() => trainingSchema.parse({ ...constant, warmup_ratio: 0.1, warmup_steps: 0 })).not.toThrow();
    expect(() => trainingSchema.parse({ ...constant, warmup_ratio: 0 })).not.toThrow();
  });
});

describe('weights of penalties', () => {
  it('go linearly from start to end, and are 0 before their delay', () => {
    const ramp = weightScheduleSchema.parse({ start: 1, end: 0.5 });
    expect([0, 5, 10].map((step) => weightFactor(ramp, step, 11))).toEqual([1, 0.75, 0.5]);
    const late = weightScheduleSchema.parse({ delay: 0.5 });
    expect([0, 4, 5, 10].map((step) => weightFactor(late, step, 11))).toEqual([0, 0, 1, 1]);
  });

  it('reach their end in a run of one step', () => {
    expect(weightFactor(weightScheduleSchema.parse({ start: 0.2, end: 0.7 }), 0, 1)).toBe(0.7);
  });

  it('are given by each regularizer’s key', () => {
    expect(weightsAt(source({}, 11), 2)).toEqual({ divergence: 0.5, critic: 0 });
    expect(weightsAt(source({}, 11), 5)).toEqual({ divergence: 0.5, critic: 1 });
  });
});
