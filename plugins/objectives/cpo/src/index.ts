import { defineObjective, type Objective } from '@tether/core';
import { cpoConfig, slicConfig, type CpoConfig, type SlicConfig } from './config.ts';
import { cpoLoss } from './cpo.ts';
import { slicLoss } from './slic.ts';

/** Contrastive preference optimization. */
export const plugin = defineObjective<CpoConfig>({
  name: 'cpo',
  description:
    'contrastive preference optimization (Xu et al. 2024): without a reference, with likelihood of the chosen',
  config: cpoConfig,
  needs: () => ['rejected'],
  loss: cpoLoss,
});
export default plugin;

const slic = defineObjective<SlicConfig>({
  name: 'slic',
  description:
    'sequence likelihood calibration (Zhao et al. 2023): hinge loss of log-probabilities, without a reference',
  config: slicConfig,
  needs: () => ['rejected'],
  loss: slicLoss,
});

/** Further losses without a reference, under names of their own. */
export const plugins: Readonly<Record<string, Objective>> = { slic };
