import { z } from 'zod';

export const simpoConfig = z.strictObject({
  beta: z.number().positive().default(2).describe('scale of the length-normalized rewards'),
  gamma_beta_ratio: z
    .number()
    .min(0)
    .default(0.25)
    .describe('target margin γ as a share of beta: γ = gamma_beta_ratio · beta'),
  gamma: z
    .number()
    .min(0)
    .optional()
    .describe('target margin γ itself (simpo_gamma in TRL); where it is given, gamma_beta_ratio counts nothing'),
});
export type SimpoConfig = z.infer<typeof simpoConfig>;
