import { z } from 'zod';

const length = (what: string, least = 1) =>
  z.int().min(least).nullable().describe(`${what}, in tokens; null: no limit.`);

/** How text becomes tokens. Names and defaults follow TRL's DPOConfig where they mean the same. */
export const encodeSchema = z.strictObject({
  max_length: length('Longest prompt + completion', 2).default(1024),
  max_prompt_length: length('Longest prompt; of a longer one the end is kept').default(null),
  max_completion_length: length('Longest completion; of a longer one the start is kept').default(null),
  truncation_mode: z
    .enum(['keep_start', 'keep_end'])
    .default('keep_start')
    .describe('Beyond max_length: cut the completions at their end, or the prompt at its start.'),
  on_long_prompt: z
    .enum(['drop', 'truncate'])
    .default('drop')
    .describe('A prompt over max_prompt_length, or one that fills max_length alone.'),
  prefix_mismatch: z
    .enum(['common_prefix', 'separate', 'drop'])
    .default('common_prefix')
    .describe(
      'Where the tokens of prompt + completion do not begin with those of the prompt: the completion starts where they ' +
        'part (as TRL), or (text only) both are tokenized on their own, or the row is dropped.',
    ),
  drop_identical_pairs: z
    .boolean()
    .default(true)
    .describe('Drop pairs whose completions are equal: they teach nothing.'),
  drop_empty_completions: z.boolean().default(true).describe('Drop rows with a completion of no text.'),
});

export type EncodeOptions = z.infer<typeof encodeSchema>;
