import { z } from 'zod';
import { metricDefinitionSchema } from '../raw/metrics.ts';
import { measureKeySchema } from '../raw/schema.ts';

const maybe = z.number().nullable(); // null: the comparison does not have it

export const intervalSchema = z.strictObject({
  /** Within the metric's range (a difference: within its width), where one is declared. */
  low: z.number(),
  high: z.number(),
  /** What was resampled, and so what the interval generalizes to. */
  over: z.enum(['seeds and prompts', 'seeds and rows', 'seeds', 'prompts', 'rows']),
});

export const testSchema = z.strictObject({
  unit: z.enum(['seed', 'prompt', 'row']),
  units: z.int(),
  method: z.enum(['exact', 'monte-carlo']),
  p: z.number(),
  smallestPossible: z.number(),
});

export const outcomeSchema = z.enum(['better', 'worse', 'higher', 'lower', 'not shown', 'missing']);
export type Outcome = z.infer<typeof outcomeSchema>;

export const estimateSchema = z.strictObject({
  arm: z.string(),
  mean: maybe,
  interval: intervalSchema.nullable(),
  perSeed: z.array(maybe), // aligned with the summary's seeds
  prompts: z.int(), // or rows, where data has no prompts; 0: the runs report one number per seed
});
export type Estimate = z.infer<typeof estimateSchema>;

export const contrastSchema = z.strictObject({
  arm: z.string(),
  /** Arm minus baseline, over the seeds and prompts that both have. */
  difference: maybe,
  interval: intervalSchema.nullable(),
  perSeed: z.array(maybe),
  prompts: z.int(),
  /** The test behind `correctedP`: by prompt or by seed, whichever can give the smaller p with so many units. */
  test: testSchema.nullable(),
  /** The same test with whole seeds as units. */
  seedTest: testSchema.nullable(),
  correctedP: maybe,
  outcome: outcomeSchema,
  sentence: z.string(),
});
export type Contrast = z.infer<typeof contrastSchema>;

export const measureSummarySchema = z.strictObject({
  key: measureKeySchema,
  definition: metricDefinitionSchema,
  /** For example `Gold reward, heldout, T = 1.0`. */
  label: z.string(),
  before: maybe, // the initial policy
  estimates: z.array(estimateSchema), // every arm
  contrasts: z.array(contrastSchema), // every arm but the first
});
export type MeasureSummary = z.infer<typeof measureSummarySchema>;

export const ratioSchema = z.strictObject({
  mean: z.number(),
  lowest: z.number(),
  highest: z.number(),
  seeds: z.int(),
});
export type Ratio = z.infer<typeof ratioSchema>;

export const armCostSchema = z.strictObject({
  arm: z.string(),
  runs: z.int(), // how many runs report a cost
  seconds: maybe,
  secondsPerStep: maybe,
  tokensPerSecond: maybe,
  peakMemoryBytes: maybe, // the largest of the seeds
  /** Time relative to the baseline with the same seed; `basis` says which time. Null for lack of numbers. */
  overhead: ratioSchema.extend({ basis: z.enum(['secondsPerStep', 'seconds']) }).nullable(),
  memoryRatio: ratioSchema.nullable(),
});
export type ArmCost = z.infer<typeof armCostSchema>;

export const verdictSchema = z.strictObject({
  arm: z.string(),
  sentence: z.string(),
  headline: outcomeSchema,
  counts: z.record(outcomeSchema, z.int()),
});
export type Verdict = z.infer<typeof verdictSchema>;

export const analysisSchema = z.strictObject({
  confidence: z.number().gt(0.5).lt(1),
  resamples: z.int().min(100),
  permutations: z.int().min(100),
  seed: z.int().min(0).max(0xffffffff),
});
export type Analysis = z.infer<typeof analysisSchema>;

/** The content of `summary.json`. */
export const summarySchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  createdAt: z.string().optional(),
  analysis: analysisSchema,
  arms: z.array(z.string()),
  baseline: z.string(),
  seeds: z.array(z.number()),
  headline: z.strictObject({ measure: measureKeySchema.nullable(), sentence: z.string() }),
  verdicts: z.array(verdictSchema),
  measures: z.array(measureSummarySchema),
  costs: z.array(armCostSchema),
  /** How many p-values the correction counts. */
  tests: z.int(),
  /** What the comparison lacks: failed runs, missing seeds, prompts without a value. */
  missing: z.array(z.string()),
  /** How the numbers came about, in sentences. */
  method: z.array(z.string()),
});
export type Summary = z.infer<typeof summarySchema>;
