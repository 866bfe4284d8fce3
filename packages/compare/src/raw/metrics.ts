import { z } from 'zod';

/** Bounds of a metric's values, each where there is one. */
export const metricRangeSchema = z.strictObject({ low: z.number().optional(), high: z.number().optional() });
export type MetricRange = z.infer<typeof metricRangeSchema>;

/** How a metric is named, written and judged. */
export const metricDefinitionSchema = z.strictObject({
  id: z.string().min(1),
  label: z.string().min(1),
  /** Shown after the label, for example `nats`; empty for a pure number. */
  unit: z.string().optional(),
  /** Which direction is good. A neutral metric is compared too, but called higher or lower, never better or worse. */
  better: z.enum(['higher', 'lower', 'neutral']),
  /** Digits after the point; 3 unless given. */
  digits: z.int().min(0).max(10).optional(),
  /** What the values cannot leave, and so their intervals do not either. */
  range: metricRangeSchema.optional(),
  description: z.string().optional(),
});
export type MetricDefinition = z.infer<typeof metricDefinitionSchema>;

/** The metrics a comparison usually has. A comparison may declare any others. */
export const standardMetrics = {
  goldReward: {
    id: 'goldReward',
    label: 'Gold reward',
    better: 'higher',
    description: 'Mean true reward of answers sampled from the policy.',
  },
  rewardAccuracy: {
    id: 'rewardAccuracy',
    label: 'Reward accuracy',
    better: 'higher',
    range: { low: 0, high: 1 },
    description: 'Share of pairs whose chosen answer gets the larger implicit reward.',
  },
  loss: {
    id: 'loss',
    label: 'Evaluation loss',
    better: 'lower',
    digits: 4,
    description: 'The objective on held-out pairs, without the regularizer.',
  },
  kl: {
    id: 'kl',
    label: 'KL to the reference',
    unit: 'nats/answer',
    better: 'neutral',
    range: { low: 0 },
    description:
      'Sum over the tokens of an answer of KL(policy ‖ reference), both at temperature 1. The answers are the policy’s own, ' +
      'sampled at the shown temperature and the configured top_p and cut at max_new_tokens.',
  },
  latentDistance: {
    id: 'latentDistance',
    label: 'Latent distance',
    better: 'neutral',
    range: { low: 0 },
    description: 'Distance between the hidden states of policy and reference.',
  },
} as const satisfies Record<string, MetricDefinition>;
