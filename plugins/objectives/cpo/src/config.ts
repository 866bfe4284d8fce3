import { z } from 'zod';

export const LOSS_TYPES = ['sigmoid', 'hinge', 'ipo', 'simpo'] as const;

export const cpoConfig = z.strictObject({
  loss_type: z
    .enum(LOSS_TYPES)
    .default('sigmoid')
    .describe('what is made of the difference of rewards; ipo and simpo take means per token, the others sums'),
  beta: z.number().positive().default(0.1).describe('scale of the rewards'),
  label_smoothing: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe('sigmoid and simpo: assumed share of wrong labels, as in conservative DPO'),
  cpo_alpha: z.number().min(0).default(1).describe('weight of the negative log-likelihood of chosen completions'),
  simpo_gamma: z.number().min(0).default(0.5).describe('simpo: the target margin γ itself, not its share of beta'),
  alpha: z
    .number()
    .default(0)
    .describe('shape of the rewards (AlphaPO): (1 − p^(−alpha))/alpha in the place of log p, which 0 stands for'),
});
export type CpoConfig = z.infer<typeof cpoConfig>;

export const slicConfig = z.strictObject({
  delta: z.number().positive().default(1).describe('margin δ of log-probabilities, in nats per completion'),
  nll_weight: z
    .number()
    .min(0)
    .default(1)
    .describe('weight λ of the negative log-likelihood of chosen completions, per token'),
});
export type SlicConfig = z.infer<typeof slicConfig>;
