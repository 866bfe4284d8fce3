import { z } from 'zod';

export const REDUCTIONS = ['sum', 'mean'] as const;

export const l2InitialConfig = z.strictObject({
  reduction: z
    .enum(REDUCTIONS)
    .default('sum')
    .describe('half the sum of squared changes over all trained weights, as in weight decay, or their mean'),
});
export type L2InitialConfig = z.infer<typeof l2InitialConfig>;
