import { trainingSchema, weightScheduleSchema } from '@tether/core';
import { dataConfigSchema } from '@tether/data';
import { loraSchema } from '@tether/model';
import { z } from 'zod';

const MISSING_NAME = 'missing: name the plugin that these options are for';

const pluginNameSchema = z.string({ error: ({ input }) => (input === undefined ? MISSING_NAME : undefined) }).min(1);

/** A plugin by name (or npm package), alone or with its options beside the name. */
const pluginUseSchema = z
  .union([z.string().min(1), z.looseObject({ name: pluginNameSchema })])
  .transform((use): PluginReference => {
    if (typeof use === 'string') return { name: use, options: {} };
    const { name, ...options } = use;
    return { name, options };
  });

/** In place of a backend's name: the fastest one that is installed, by a short trial. */
export const AUTO = 'auto';

/** What every regularizer takes beside its own options. */
export const regularizerOptionsSchema = z.object({
  weight: z.number().min(0).default(1).describe('what the penalty is multiplied by'),
  schedule: weightScheduleSchema.prefault({}),
});

/** Options beside a regularizer's own. */
export const regularizerOptions = ['name', ...Object.keys(regularizerOptionsSchema.shape)];

/** A plugin as a config names it; its own schema parses the options. */
export interface PluginReference {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const regularizerUseSchema = z
  .union([
    z.string().min(1),
    z.looseObject({
      name: pluginNameSchema,
      ...regularizerOptionsSchema.shape,
    }),
  ])
  .transform((use): RegularizerReference => {
    if (typeof use === 'string') {
      return { name: use, options: {}, ...regularizerOptionsSchema.parse({}) };
    }
    const { name, weight, schedule, ...options } = use;
    return { name, options, weight, schedule };
  });

export interface RegularizerReference extends PluginReference {
  readonly weight: number;
  readonly schedule: z.infer<typeof weightScheduleSchema>;
}

const pretrainSchema = z
  .strictObject({
    architecture: z
      .record(z.string(), z.unknown())
      .describe('config.json of a new model, for example hidden_size and num_hidden_layers'),
    data: dataConfigSchema.describe('what it is pretrained on'),
    training: trainingSchema.describe('how it is pretrained'),
  })
  .describe('a new small model on the synthetic language, in place of a checkpoint');

const modelSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe('folder of the model to start from: Hugging Face, or a GGUF file with its tokenizer.json'),
    pretrain: pretrainSchema.optional(),
    reference: z
      .string()
      .min(1)
      .optional()
      .describe('Hugging Face folder of the reference; default: the model itself as it starts'),
    adapter: loraSchema
      .optional()
      .describe('train low-rank adapters in place of the weights; the reference is the model without them'),
    rematerialize: z
      .boolean()
      .default(false)
      .describe('compute each layer again in the backward pass: less memory, about a third more time'),
  })
  .refine(({ path, pretrain }) => (path === undefined) !== (pretrain === undefined), {
    error: 'give either path or pretrain',
    path: ['path'],
  })
  .refine(({ reference, adapter }) => reference === undefined || adapter === undefined, {
    error: 'with an adapter, the reference is the model without it: leave out one of "reference" and "adapter"',
    path: ['reference'],
  });

const evaluationSchema = z.strictObject({
  temperatures: z
    .array(z.number().min(0))
    .min(1)
    .default([0.7, 1, 1.5, 2])
    .describe('sampling temperatures; 0 is greedy'),
  prompts: z.number().int().positive().default(64).describe('prompts per split that answers are sampled for'),
  max_new_tokens: z.number().int().positive().default(64).describe('longest sampled answer'),
  top_p: z.number().positive().max(1).default(1).describe('nucleus sampling'),
  prompts_during_training: z
    .number()
    .int()
    .min(0)
    .default(32)
    .describe('prompts sampled at each evaluation during training, for the reward-against-KL curve'),
  sample_answers: z.number().int().min(0).default(4).describe('prompts whose answers are shown in the report'),
  batch_size: z.number().int().positive().default(16).describe('answers sampled at once'),
});

const armSchema = z.strictObject({
  name: z.string().min(1).describe('what the report calls this arm'),
  regularizers: z.array(regularizerUseSchema).optional().describe('in place of the run’s regularizers'),
  objective: pluginUseSchema.optional().describe('in place of the run’s objective'),
  training: z.record(z.string(), z.unknown()).optional().describe('training options that differ in this arm'),
});

const compareSchema = z.strictObject({
  seeds: z
    .array(z.number().int().min(0))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, 'a seed is there twice, and would only repeat its runs')
    .default([0, 1, 2])
    .describe('every arm is trained once with each seed'),
  arms: z.array(armSchema).min(1).describe('the first arm is what the others are compared to'),
});

/** A run's or comparison's config file. */
export const runSchema = z.strictObject({
  name: z.string().min(1).default('run').describe('names the run folder'),
  model: modelSchema,
  data: dataConfigSchema,
  objective: pluginUseSchema.prefault('dpo').describe('the loss on preference pairs'),
  regularizers: z.array(regularizerUseSchema).default([]).describe('penalties added to it, each with a weight'),
  backend: pluginUseSchema
    .prefault('onnxruntime')
    .describe('what computes; auto: the fastest engine that is installed, by a short trial'),
  training: trainingSchema.prefault({}),
  evaluation: evaluationSchema.prefault({}),
  compare: compareSchema.optional(),
});

export type RunConfig = z.infer<typeof runSchema>;
export type ModelSection = RunConfig['model'];
export type PretrainSection = NonNullable<ModelSection['pretrain']>;
export type EvaluationSection = RunConfig['evaluation'];
export type ArmSection = NonNullable<RunConfig['compare']>['arms'][number];
