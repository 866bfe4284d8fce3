import { z } from 'zod';

export const SCHEDULES = ['constant', 'constant_with_warmup', 'linear', 'cosine'] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

/** Factor in [0, 1] after warm-up, by the share of the remaining steps that is done. */
const DECAYS: Readonly<Record<ScheduleName, (progress: number) => number>> = {
  constant: () => 1,
  constant_with_warmup: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => 0.5 * (1 + Math.cos(Math.PI * progress)),
};

export interface Schedule {
  readonly name: ScheduleName;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/**
 * Factor of the learning rate at optimizer step 0, 1, …, as in transformers: linear warm-up from 0 (`constant` has none),
 * then decay to 0 at `totalSteps`.
 */
export function scheduleFactor({ name, warmupSteps, totalSteps }: Schedule, step: number): number {
  if (step < warmupSteps && name !== 'constant') return step / Math.max(1, warmupSteps);
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return DECAYS[name](Math.min(1, progress));
}

/** How a regularizer's weight changes over the run. */
export const weightScheduleSchema = z
  .strictObject({
    start: z.number().min(0).default(1).describe('factor of the weight at the first step'),
    end: z.number().min(0).default(1).describe('factor at the last step; linear in between'),
    delay: z.number().min(0).max(1).default(0).describe('share of the run before the penalty sets in'),
  })
  .describe('factor of the weight over the run');
export type WeightSchedule = z.infer<typeof weightScheduleSchema>;

const progressAt = (step: number, totalSteps: number): number => (totalSteps <= 1 ? 1 : step / (totalSteps - 1));

/** Whether a regularizer's penalty has not set in yet at `step` of `totalSteps`. */
export const isDelayed = ({ delay }: WeightSchedule, step: number, totalSteps: number): boolean =>
  progressAt(step, totalSteps) < delay;

/**
 * Factor of a regularizer's weight at `step` of `totalSteps`: on the line from `start` at the run's first step to `end` at
 * its last, and 0 before the delay, which cuts the line off and does not shift it.
 */
export function weightFactor(schedule: WeightSchedule, step: number, totalSteps: number): number {
  const { start, end } = schedule;
  return isDelayed(schedule, step, totalSteps) ? 0 : start + (end - start) * progressAt(step, totalSteps);
}
