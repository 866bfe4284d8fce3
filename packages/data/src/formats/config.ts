import { z } from 'zod';

/** The forms of rows that are understood; `auto` takes the form of the first row that fits one. */
export const FORM_NAMES = ['trl', 'sharegpt', 'instruction', 'transcript', 'unpaired', 'completion'] as const;
export type FormName = (typeof FORM_NAMES)[number];

const columnsSchema = z
  .strictObject({
    prompt: z.string().min(1).default('prompt'),
    chosen: z.string().min(1).default('chosen'),
    rejected: z.string().min(1).default('rejected'),
    completion: z.string().min(1).default('completion'),
    text: z.string().min(1).default('text'),
    instruction: z.string().min(1).default('instruction'),
    input: z.string().min(1).default('input'),
    conversations: z.string().min(1).default('conversations'),
    system: z.string().min(1).default('system'),
    label: z.string().min(1).default('label'),
  })
  .describe("Names of the file's columns, where they differ from the usual ones.");

export const dataFormatSchema = z.strictObject({
  format: z
    .enum(['auto', ...FORM_NAMES])
    .default('auto')
    .describe(
      'Form of the rows: TRL columns, ShareGPT pairs, instruction/input pairs, Human:/Assistant: transcripts (hh-rlhf), unpaired (one completion with a label), or single completions.',
    ),
  columns: columnsSchema.prefault({}),
  prompt_style: z
    .enum(['auto', 'messages', 'text'])
    .default('auto')
    .describe(
      'Instruction rows and transcripts become chat messages or plain text; auto: messages if the model has a chat template.',
    ),
});

export type DataFormat = z.infer<typeof dataFormatSchema>;
export type Columns = DataFormat['columns'];
