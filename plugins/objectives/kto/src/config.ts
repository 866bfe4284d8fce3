import { z } from 'zod';

export const KL_ESTIMATES = ['mismatched', 'opposite', 'none'] as const;

const weights = {
  beta: z.number().positive().default(0.1).describe('strength of the pull to the reference; larger stays closer'),
  desirable_weight: z.number().min(0).default(1).describe('weight of desirable (chosen) completions'),
  undesirable_weight: z.number().min(0).default(1).describe('weight of undesirable (rejected) completions'),
};

export const ktoConfig = z.strictObject({
  ...weights,
  kl_estimate: z
    .enum(KL_ESTIMATES)
    .default('mismatched')
    .describe(
      'reference point that gains and losses count from; mismatched: the mean log-ratio of completions under other rows’ prompts; opposite: that of the other side; none: 0',
    ),
});
export type KtoConfig = z.infer<typeof ktoConfig>;

/** The same with z = 0. */
export const apoZeroUnpairedConfig = z.strictObject(weights);
export type ApoZeroUnpairedConfig = z.infer<typeof apoZeroUnpairedConfig>;
