import { z } from 'zod';
import { SCHEDULES } from '../optimizer/index.ts';

const options = z.strictObject({
  learning_rate: z.number().positive().default(1e-6).describe('peak learning rate of AdamW'),
  lr_scheduler_type: z.enum(SCHEDULES).default('linear').describe('decay after warm-up; constant has neither'),
  warmup_ratio: z.number().min(0).max(1).default(0).describe('share of the steps with a rising learning rate'),
  warmup_steps: z.number().int().min(0).optional().describe('number of such steps; overrides warmup_ratio'),
  per_device_train_batch_size: z.number().int().positive().default(4).describe('pairs per micro-batch'),
  per_device_eval_batch_size: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('pairs per evaluation batch; default: as in training'),
  gradient_accumulation_steps: z.number().int().positive().default(1).describe('micro-batches per optimizer step'),
  num_train_epochs: z.number().positive().default(1).describe('passes over the training rows'),
  max_steps: z.number().int().positive().optional().describe('optimizer steps; overrides num_train_epochs'),
  weight_decay: z.number().min(0).default(0).describe('AdamW weight decay of matrices'),
  adam_beta1: z.number().min(0).lt(1).default(0.9).describe('AdamW β₁'),
  adam_beta2: z.number().min(0).lt(1).default(0.999).describe('AdamW β₂'),
  adam_epsilon: z.number().positive().default(1e-8).describe('AdamW ε'),
  max_grad_norm: z.number().min(0).default(1).describe('global-norm clipping of gradients; 0 for none'),
  logging_steps: z.number().int().positive().default(1).describe('optimizer steps between lines of metrics.jsonl'),
  eval_steps: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('optimizer steps between evaluations; default: only at the end'),
  save_steps: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('optimizer steps between checkpoints; default: only at the end'),
  save_total_limit: z.number().int().positive().default(1).describe('checkpoints kept'),
  precompute_ref_log_probs: z
    .boolean()
    .default(false)
    .describe('compute what the reference says of each row once, and keep it on disk, instead of in every step'),
  sync_ref_model: z.boolean().default(false).describe('let the reference follow the policy (TR-DPO)'),
  ref_model_mixup_alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .describe('share of the policy in the new reference: reference = α·policy + (1 − α)·reference'),
  ref_model_sync_steps: z.number().int().positive().default(512).describe('optimizer steps between such updates'),
  seed: z.number().int().min(0).default(0).describe('seed of everything random in the run'),
});
/** Options of the training loop, named as in TRL's DPOConfig and transformers' TrainingArguments. */
export const trainingSchema = options
  .refine(({ sync_ref_model: moves, precompute_ref_log_probs: precomputed }) => !(moves && precomputed), {
    path: ['sync_ref_model'],
    error: 'a reference that moves cannot be precomputed: set precompute_ref_log_probs to false',
  })
  .refine(
    ({ lr_scheduler_type: name, warmup_ratio: ratio, warmup_steps: steps }) =>
      name !== 'constant' || (steps ?? ratio) === 0,
    {
      path: ['lr_scheduler_type'],
      error:
        'constant has no warm-up, as in transformers: say constant_with_warmup, or leave out warmup_ratio and warmup_steps',
    },
  );
export type TrainingSettings = z.infer<typeof trainingSchema>;
