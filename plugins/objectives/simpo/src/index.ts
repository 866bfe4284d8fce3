import { defineObjective } from '@tether/core';
import { simpoConfig, type SimpoConfig } from './config.ts';
import { simpoLoss } from './simpo.ts';

/** Simple preference optimization. */
export const plugin = defineObjective<SimpoConfig>({
  name: 'simpo',
  description: 'simple preference optimization (Meng et al. 2024): length-normalized, without a reference',
  config: simpoConfig,
  needs: () => ['rejected'],
  loss: simpoLoss,
});
export default plugin;
