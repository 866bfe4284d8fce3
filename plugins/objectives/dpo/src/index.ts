import { defineObjective } from '@tether/core';
import { dpoConfig, type DpoConfig } from './config.ts';
import { dpoLoss } from './dpo.ts';

/** Direct preference optimization. */
export const plugin = defineObjective<DpoConfig>({
  name: 'dpo',
  description: 'direct preference optimization (Rafailov et al. 2023), with label smoothing',
  config: dpoConfig,
  needs: () => ['rejected', 'referenceLogps'],
  loss: dpoLoss,
});
export default plugin;
