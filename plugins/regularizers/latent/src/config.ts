import { z } from 'zod';

export const POSITIONS = ['all', 'completion'] as const;
export type Positions = (typeof POSITIONS)[number];

const positions = z
  .enum(POSITIONS)
  .default('all')
  .describe('hidden states of prompt and completion, or only those that predict the completion’s tokens');

export const l2Config = z.strictObject({
  positions,
  scale: z
    .enum(['mean', 'sum', 'relative'])
    .default('mean')
    .describe('squared distance per hidden unit, summed over them, or as a share of the reference’s squared length'),
});
export type L2Config = z.infer<typeof l2Config>;

export const cosineConfig = z.strictObject({ positions });
export type CosineConfig = z.infer<typeof cosineConfig>;

export const mmdConfig = z.strictObject({
  positions,
  bandwidths: z
    .array(z.number().positive())
    .min(1)
    .default([0.5, 1, 2])
    .describe('kernel widths as multiples of the mean squared distance in the joined sample; kernels are averaged'),
});
export type MmdConfig = z.infer<typeof mmdConfig>;

export const slicedWassersteinConfig = z.strictObject({
  positions,
  directions: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe('random directions per step; memory grows with directions times the squared length'),
});
export type SlicedWassersteinConfig = z.infer<typeof slicedWassersteinConfig>;

export const ckaConfig = z.strictObject({ positions });
export type CkaConfig = z.infer<typeof ckaConfig>;
