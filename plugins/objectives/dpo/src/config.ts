import { z } from 'zod';

export const dpoConfig = z.strictObject({
  beta: z.number().positive().default(0.1).describe('strength of the pull to the reference; larger stays closer'),
  label_smoothing: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe('assumed share of wrong labels (conservative DPO); 0 is plain DPO'),
});
export type DpoConfig = z.infer<typeof dpoConfig>;
