import { z } from 'zod';
import { metricDefinitionSchema } from './metrics.ts';
import { findProblems } from './problems.ts';

/** A number that may be missing: absent, null, or (in memory) NaN. It is never read as 0. */
const maybeNumber = z.union([z.number(), z.nan(), z.literal([Infinity, -Infinity])]).nullable();

/** Which measure: a metric, on one split of the prompts, at one sampling temperature (both where they apply). */
export const measureKeySchema = z.strictObject({
  metric: z.string(),
  split: z.string().optional(),
  temperature: z.number().nonnegative().optional(),
});
export type MeasureKey = z.infer<typeof measureKeySchema>;

/** What `perPrompt` has one number of: a prompt, or, of data without prompts, a row. */
export const unitSchema = z.enum(['prompt', 'row']);
export type Unit = z.infer<typeof unitSchema>;

/** One measured thing of one run: one number, or one number per prompt (then their mean is the run's number). */
export const measurementSchema = z.strictObject({
  ...measureKeySchema.shape,
  value: maybeNumber.optional(),
  perPrompt: z
    .strictObject({
      /** Ids; the same id in two runs means the same prompt. */
      prompts: z.array(z.string()),
      values: z.array(maybeNumber), // aligned with prompts
    })
    .optional(),
});
export type Measurement = z.infer<typeof measurementSchema>;

export const curveSchema = z.strictObject({ steps: z.array(z.number()), values: z.array(maybeNumber) });
export type Curve = z.infer<typeof curveSchema>;

/** Where the policy stood during training. */
export const frontierPointSchema = z.strictObject({
  step: z.number(),
  kl: maybeNumber,
  reward: maybeNumber,
  /** What the field `reward` holds: a reward unless given, else what stands in for it (see those metrics). */
  measure: z.enum(['reward', 'accuracy', 'separation']).optional(),
});
export type FrontierPoint = z.infer<typeof frontierPointSchema>;

export const costSchema = z.strictObject({
  seconds: maybeNumber.optional(),
  secondsPerStep: maybeNumber.optional(),
  tokensPerSecond: maybeNumber.optional(),
  peakMemoryBytes: maybeNumber.optional(),
});
export type Cost = z.infer<typeof costSchema>;

/** One arm trained with one seed. */
export const runSchema = z.strictObject({
  arm: z.string(),
  seed: z.number(),
  measurements: z.array(measurementSchema),
  /** Metric name (`loss`, `rewards/accuracies`, …) to its course over training. */
  curves: z.record(z.string(), curveSchema).optional(),
  frontier: z.array(frontierPointSchema).optional(),
  cost: costSchema.optional(),
  /** Why the run has no or few results, for example `stopped at step 12: the loss became NaN`. */
  failure: z.string().optional(),
});
export type Run = z.infer<typeof runSchema>;

export const armSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
});
export type Arm = z.infer<typeof armSchema>;

export const sampleAnswersSchema = z.strictObject({
  prompt: z.string(),
  split: z.string().optional(),
  /** A person's or the task's good answer, where there is one. */
  reference: z.string().optional(),
  before: z.array(z.strictObject({ temperature: z.number(), text: z.string() })).optional(),
  after: z.array(z.strictObject({ arm: z.string(), seed: z.number(), temperature: z.number(), text: z.string() })),
});
export type SampleAnswers = z.infer<typeof sampleAnswersSchema>;

export const rawComparisonShape = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1),
  description: z.string().optional(),
  /** ISO 8601. */
  createdAt: z.string().optional(),
  metrics: z.array(metricDefinitionSchema),
  /** What `perPrompt` has one number of, here and in the words of the summary: a prompt unless given. */
  unit: unitSchema.optional(),
  /** The measure that decides the headline; a metric named `goldReward` or else the first one that has a direction. */
  headline: measureKeySchema.optional(),
  /** The first arm is the baseline that the others are compared to. */
  arms: z.array(armSchema).min(1),
  seeds: z.array(z.number()).min(1),
  runs: z.array(runSchema),
  /** The initial policy, before any training. */
  before: z.array(measurementSchema).optional(),
  samples: z.array(sampleAnswersSchema).optional(),
  /** What the data check said, line by line. */
  dataReport: z.array(z.string()).optional(),
  /** Facts worth printing: model, backend, machine, versions. */
  facts: z.record(z.string(), z.string()).optional(),
});

/** Everything a comparison measured, before any statistics. Only names, arms, seeds and runs must be there. */
export const rawComparisonSchema = rawComparisonShape.superRefine((raw, context) => {
  for (const problem of findProblems(raw)) {
    context.addIssue({ code: 'custom', path: [...problem.path], message: problem.message });
  }
});
export type RawComparison = z.infer<typeof rawComparisonShape>;
