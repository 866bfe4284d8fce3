import { z } from 'zod';
import { LOSS_NAMES } from './adversarialLoss.ts';

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
    loss: z
      .enum(LOSS_NAMES)
      .default('bce')
      .describe('of relativistic scores: bce as published; hinge, least_squares and wasserstein are variants'),
    gradient_penalty: z
      .number()
      .min(0)
      .optional()
      .describe('weight of (‖∇D‖ − 1)² between policy and reference; absent: 10 for wasserstein, else 0'),
    discriminators: z
      .enum(['two', 'one'])
      .default('two')
      .describe('two: one for each side, which also rank, as published; one: a plain one for both sides'),
    architecture: z
      .enum(['transformer', 'mlp'])
      .default('transformer')
      .describe('transformer: encoder layers, as published; mlp: layers that see each position alone'),
    spectral_norm: z.boolean().default(true).describe('spectral normalization of the first and the last two layers'),
    latent_layers: z
      .array(z.number().int())
      .min(1)
      .optional()
      .describe(
        'layers whose states they see, side by side: 0 is the first, −1 the last; absent: the last after the final norm',
      ),
    width: z.number().int().positive().default(512).describe('width of the discriminators'),
    layers: z.number().int().positive().default(2).describe('encoder layers, or of an mlp linear ones'),
    heads: z.number().int().positive().default(8).describe('attention heads'),
    feed_forward_ratio: z
      .number()
      .int()
      .positive()
      .default(4)
      .describe('feed-forward width as a multiple of the width'),
    max_positions: z
      .number()
      .int()
      .positive()
      .default(2048)
      .describe('learned positions of a transformer; tokens beyond are cut off, and counted in a metric'),
    dropout: z.number().min(0).lt(1).default(0.1).describe('dropout while the discriminators train, in 4096ths'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of the running means of scores'),
    pooling: z
      .enum(['masked', 'published'])
      .default('masked')
      .describe('masked: real tokens only; published: padding counts, as in the released code'),
    optimizer: optimizerSchema.prefault({}).describe('AdamW of the discriminators'),
  })
  .refine(({ width, heads }) => width % heads === 0, { error: 'width must be a multiple of heads', path: ['width'] });
/** Published weight of the gradient penalty (Gulrajani et al. 2017). */
const WASSERSTEIN_PENALTY = 10;

export const gradientPenaltyWeight = ({ loss, gradient_penalty: weight }: GanpoConfig): number =>
  weight ?? (loss === 'wasserstein' ? WASSERSTEIN_PENALTY : 0);

export type GanpoConfig = z.infer<typeof ganpoConfig>;
