import { defineRegularizer } from '@tether/core';
import { ganpoConfig, type GanpoConfig } from './config.ts';
import { ganpoOpponent, ganpoPenalty } from './ganpo.ts';
import { ganpoNetworks } from './networks.ts';

export type { GanpoConfig };

/** Latent adversarial regularization (arXiv 2601.22083), as its authors run it. */
export const plugin = defineRegularizer<GanpoConfig>({
  name: 'ganpo',
  description: 'adversarial penalty on the distance between the policy’s and the reference’s hidden states',
  config: ganpoConfig,
  needs: ({ pooling }) => [
    'rejected',
    'latents',
    'referenceLatents',
    ...(pooling === 'published' ? (['paddedViews'] as const) : []),
  ],
  networks: ganpoNetworks,
  opponent: {
    optimizer: ({ optimizer }) => ({
      learningRateRatio: optimizer.learning_rate_ratio,
      beta1: optimizer.beta1,
      beta2: optimizer.beta2,
      epsilon: optimizer.epsilon,
      weightDecay: optimizer.weight_decay,
      maxGradNorm: optimizer.max_grad_norm,
    }),
    loss: ganpoOpponent,
  },
  penalty: ganpoPenalty,
});
export default plugin;
