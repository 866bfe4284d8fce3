import { z } from 'zod';

/** Rows of the built-in task in place of files. */
export const syntheticSchema = z.strictObject({
  rows: z
    .enum(['pairs', 'pretraining'])
    .default('pairs')
    .describe('Preference pairs, or single answers of every quality to pretrain on.'),
  count: z.int().positive().default(2000).describe('Training rows.'),
  eval_count: z.int().nonnegative().default(200).describe('Evaluation rows, from prompts held out of training.'),
  seed: z.int().default(0),
  label_noise: z.number().min(0).max(0.5).default(0).describe('Share of pairs whose label is turned round.'),
  style_bias: z
    .number()
    .default(0.05)
    .describe('What the rater adds per polite word, where the gold reward takes 0.1 off; 0: the rater ignores style.'),
});

export type SyntheticOptions = z.infer<typeof syntheticSchema>;
