import { defineObjective } from '@tether/core';
import { orpoConfig, type OrpoConfig } from './config.ts';
import { orpoLoss } from './orpo.ts';

/** Odds ratio preference optimization. */
export const plugin = defineObjective<OrpoConfig>({
  name: 'orpo',
  description:
    'odds ratio preference optimization (Hong et al. 2024): fine-tuning with a preference term, no reference',
  config: orpoConfig,
  needs: () => ['rejected'],
  loss: orpoLoss,
});
export default plugin;
