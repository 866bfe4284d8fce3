import { z } from 'zod';

export const MEANS = ['tokens', 'completions'] as const;

export const nllConfig = z.strictObject({
  mean: z
    .enum(MEANS)
    .default('tokens')
    .describe(
      'over all chosen tokens, so that long completions count more, or over completions of their means per token',
    ),
});
export type NllConfig = z.infer<typeof nllConfig>;
