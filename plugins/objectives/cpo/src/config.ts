import { z } from 'zod';

export const LOSS_TYPES = ['sigmoid', 'hinge', 'ipo', 'simpo'] as const;

export type LossType = (typeof LOSS_TYPES)[number];

const OPTIONS = {
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
    .describe(
      'ipo and simpo: shape of the rewards (AlphaPO), (1 − p^(−alpha))/alpha in the place of log p, which 0 stands for',
    ),
};
type OptionName = keyof typeof OPTIONS;

const DEFAULTS = z.strictObject(OPTIONS).parse({});

/**
 * Losses that read an option; all read the others. `alpha` asks for means per token: of sums over ordinary completions,
 * p^(−alpha) overflows.
 */
const READERS: Readonly<Partial<Record<OptionName, readonly LossType[]>>> = {
  label_smoothing: ['sigmoid', 'simpo'],
  simpo_gamma: ['simpo'],
  alpha: ['ipo', 'simpo'],
};

export const cpoConfig = z
  .strictObject({
    loss_type: z
      .enum(LOSS_TYPES)
      .default('sigmoid')
      .describe('what is made of the difference of rewards; ipo and simpo take means per token, the others sums'),
    ...OPTIONS,
  })
  .superRefine(({ loss_type: type, ...options }, context) => {
    for (const option of Object.keys(OPTIONS) as OptionName[]) {
      // the record's own keys
      const readers = READERS[option];
      if (readers === undefined || readers.includes(type) || options[option] === DEFAULTS[option]) continue;
      const message = `nothing reads it with loss_type ${type}: it is an option of ${readers.join(', ')}`;
      context.addIssue({ code: 'custom', path: [option], message });
    }
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
