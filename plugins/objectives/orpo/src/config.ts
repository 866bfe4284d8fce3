import { z } from 'zod';

export const orpoConfig = z.strictObject({
  beta: z.number().positive().default(0.1).describe('weight of the odds ratio against the likelihood (λ in the paper)'),
});
export type OrpoConfig = z.infer<typeof orpoConfig>;
