import { defineRegularizer, type Regularizer } from '@tether/core';
import type { Tensor } from '@tether/graph';
import type { z } from 'zod';
import { ckaConfig, cosineConfig, l2Config, mmdConfig, slicedWassersteinConfig, type StatesChoice } from './config.ts';
import { ckaDistance } from './distances/cka.ts';
import { cosineDistance } from './distances/cosine.ts';
import { l2Distance } from './distances/l2.ts';
import { mmdDistance } from './distances/mmd.ts';
import { slicedWassersteinDistance } from './distances/slicedWasserstein.ts';
import { meanDistance, needsOf, type Sequences } from './sequences.ts';

interface LatentDistance<Config> {
  readonly name: string;
  readonly description: string;
  readonly config: z.ZodType<Config>;
  /** Of the two models' states of each of N sequences → [N]. */
  distance(sequences: Sequences, config: Config, seed: Tensor): Tensor;
}

/** A penalty on a distance between hidden states, averaged over sequences. */
const latentRegularizer = <Config extends StatesChoice>({
  name,
  description,
  config: schema,
  distance,
}: LatentDistance<Config>): Regularizer =>
  defineRegularizer<Config>({
    name,
    description,
    config: schema,
    needs: needsOf,
    takesUnpaired: true,
    penalty: ({ views, config, seed }) => ({
      loss: meanDistance(views, config, (sequences) => distance(sequences, config, seed)),
    }),
  });

/** Distances of the policy's hidden states from the reference's. */
export const plugins: Readonly<Record<string, Regularizer>> = {
  latent_l2: latentRegularizer({
    name: 'latent_l2',
    description: 'squared distance of hidden states from the reference’s, position by position',
    config: l2Config,
    distance: l2Distance,
  }),
  latent_cosine: latentRegularizer({
    name: 'latent_cosine',
    description: 'angle between hidden states and the reference’s, position by position: 1 − cosine',
    config: cosineConfig,
    distance: cosineDistance,
  }),
  mmd: latentRegularizer({
    name: 'mmd',
    description: 'maximum mean discrepancy of hidden states and the reference’s (Gretton et al. 2012)',
    config: mmdConfig,
    distance: mmdDistance,
  }),
  sliced_wasserstein: latentRegularizer({
    name: 'sliced_wasserstein',
    description: 'sliced Wasserstein distance of hidden states from the reference’s (Bonneel et al. 2015)',
    config: slicedWassersteinConfig,
    distance: slicedWassersteinDistance,
  }),
  cka: latentRegularizer({
    name: 'cka',
    description: '1 − centered kernel alignment of hidden states with the reference’s (Kornblith et al. 2019)',
    config: ckaConfig,
    distance: ckaDistance,
  }),
};
