import { z } from 'zod';
import { bucketsSchema } from '../batch/config.ts';
import { encodeSchema } from '../encode/config.ts';
import { dataFormatSchema } from '../formats/config.ts';
import { syntheticSchema } from '../synthetic/config.ts';

const filesSchema = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const sourceFields = {
  files: filesSchema
    .optional()
    .describe(
      'Data files (.json, .jsonl, also .gz and .zst; .parquet; .arrow) or folders of them as the datasets library saves them ' +
        'or the Hugging Face hub lays them out; relative to the config file.',
    ),
  synthetic: syntheticSchema.optional().describe('The built-in task instead of files.'),
  split: z.string().min(1).optional().describe('The split of folders to train on; without it the only one, or train.'),
  eval_files: filesSchema.optional().describe('Files to evaluate on; otherwise a share of the rows is held out.'),
  eval_split: z
    .string()
    .min(1)
    .optional()
    .describe('The split to evaluate on: of the folders in eval_files, or without those of the folders in files.'),
  eval_fraction: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe('Share of rows held out. Rows with the same prompt stay together.'),
  split_seed: z.int().default(0).describe('Picks which rows are held out.'),
  max_train_rows: z.int().positive().optional().describe('Train on the first so many rows.'),
  max_eval_rows: z.int().positive().optional().describe('Evaluate on the first so many held-out rows.'),
  in_memory_mib: z
    .number()
    .min(0)
    .default(256)
    .describe(
      'Tokenized rows up to this size stay in memory (training and evaluation each); more go to a file in the cache folder.',
    ),
};

/** The `data` section of a run's config. */
export const dataConfigSchema = z
  .strictObject({
    ...sourceFields,
    ...dataFormatSchema.shape,
    ...encodeSchema.shape,
    on_bad_row: z
      .enum(['error', 'drop'])
      .default('error')
      .describe(
        'A row that does not have the expected form: stop and list all such rows, or leave them out and list them.',
      ),
    drop_duplicates: z
      .boolean()
      .default(false)
      .describe('Drop rows equal to an earlier one; otherwise they are only counted.'),
    buckets: bucketsSchema.prefault({}),
  })
  .superRefine((config, context) => {
    if ((config.files === undefined) === (config.synthetic === undefined)) {
      context.addIssue({ code: 'custom', path: ['files'], message: 'give either files or synthetic' });
    }
    for (const option of ['eval_files', 'eval_split', 'split'] as const) {
      if (config.synthetic === undefined || config[option] === undefined) continue;
      const message = 'synthetic data has no files; it has its own evaluation rows (eval_count)';
      context.addIssue({ code: 'custom', path: [option], message });
    }
    for (const part of ['max_prompt_length', 'max_completion_length'] as const) {
      const limit = config[part];
      if (limit !== null && config.max_length !== null && limit > config.max_length) {
        context.addIssue({ code: 'custom', path: [part], message: `is over max_length (${config.max_length})` });
      }
    }
  });

export type DataConfig = z.infer<typeof dataConfigSchema>;
export type DataConfigInput = z.input<typeof dataConfigSchema>;
