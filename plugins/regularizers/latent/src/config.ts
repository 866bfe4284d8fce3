import { z } from 'zod';

export const POSITIONS = ['all', 'completion'] as const;
export type Positions = (typeof POSITIONS)[number];

const positions = z
  .enum(POSITIONS)
  .default('all')
  .describe('hidden states of prompt and completion, or only those that predict the completion’s tokens');

const latentLayers = z
  .array(z.number().int())
  .min(1)
  .optional()
  .describe(
    'layers whose states are taken, side by side: 0 is the first, −1 the last; absent: the last after the final norm',
  );

/** What all distances are asked: which hidden states they compare. */
const STATES = { positions, latent_layers: latentLayers };

export interface StatesChoice {
  readonly positions: Positions;
  readonly latent_layers?: readonly number[] | undefined;
}

const isToBeHad = ({ positions: places, latent_layers: layers }: StatesChoice): boolean =>
  layers === undefined || places === 'all';
const NOT_TO_BE_HAD = {
  path: ['latent_layers'],
  error: 'states of single layers are to be had with positions: all alone',
};

export const l2Config = z
  .strictObject({
    ...STATES,
    scale: z
      .enum(['mean', 'sum', 'relative'])
      .default('mean')
      .describe('squared distance per hidden unit, summed over them, or as a share of the reference’s squared length'),
  })
  .refine(isToBeHad, NOT_TO_BE_HAD);
export type L2Config = z.infer<typeof l2Config>;

export const cosineConfig = z.strictObject(STATES).refine(isToBeHad, NOT_TO_BE_HAD);
export type CosineConfig = z.infer<typeof cosineConfig>;

export const mmdConfig = z
  .strictObject({
    ...STATES,
    bandwidths: z
      .array(z.number().positive())
      .min(1)
      .default([0.5, 1, 2])
      .describe('kernel widths as multiples of the mean squared distance in the joined sample; kernels are averaged'),
  })
  .refine(isToBeHad, NOT_TO_BE_HAD);
export type MmdConfig = z.infer<typeof mmdConfig>;

export const slicedWassersteinConfig = z
  .strictObject({
    ...STATES,
    directions: z
      .number()
      .int()
      .positive()
      .default(8)
      .describe('random directions per step; memory grows with directions times the squared length'),
  })
  .refine(isToBeHad, NOT_TO_BE_HAD);
export type SlicedWassersteinConfig = z.infer<typeof slicedWassersteinConfig>;

export const ckaConfig = z.strictObject(STATES).refine(isToBeHad, NOT_TO_BE_HAD);
export type CkaConfig = z.infer<typeof ckaConfig>;
