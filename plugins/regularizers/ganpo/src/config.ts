import { z } from 'zod';

const optimizerSchema = z.strictObject({
  learning_rate_ratio: z
    .number()
    .positive()
    .default(0.5)
    .describe('discriminator learning rate as a share of the policy’s'),
  beta1: z.number().min(0).lt(1).default(0.9).describe('AdamW β₁'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('AdamW β₂'),
  epsilon: z.number().positive().default(1e-8).describe('AdamW ε'),
  weight_decay: z
    .number()
    .min(0)
    .default(0.01)
    .describe('AdamW weight decay (PyTorch’s default, which the released code keeps)'),
  max_grad_norm: z.number().min(0).default(0).describe('global-norm clipping; 0 for none'),
});

export const ganpoConfig = z
  .strictObject({
    width: z.number().int().positive().default(512).describe('width of the discriminators'),
    layers: z.number().int().positive().default(2).describe('transformer encoder layers'),
    heads: z.number().int().positive().default(8).describe('attention heads'),
    feed_forward_ratio: z
      .number()
      .int()
      .positive()
      .default(4)
      .describe('feed-forward width as a multiple of the width'),
    max_positions: z.number().int().positive().default(2048).describe('learned positions; tokens beyond are cut off'),
    dropout: z.number().min(0).lt(1).default(0.1).describe('dropout while the discriminators train'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of the running means of scores'),
    pooling: z
      .enum(['masked', 'published'])
      .default('masked')
      .describe('masked: real tokens only; published: padding counts, as in the released code'),
    optimizer: optimizerSchema.prefault({}).describe('AdamW of the discriminators'),
  })
  .refine(({ width, heads }) => width % heads === 0, { error: 'width must be a multiple of heads', path: ['width'] });
export type GanpoConfig = z.infer<typeof ganpoConfig>;
