import { defineObjective } from '@tether/core';
import { sftConfig, type SftConfig } from './config.ts';
import { sftLoss } from './sft.ts';

/** Supervised fine-tuning. */
export const plugin = defineObjective<SftConfig>({
  name: 'sft',
  description: 'negative log-likelihood of the chosen (or only) completions',
  config: sftConfig,
  needs: () => [],
  loss: sftLoss,
});
export default plugin;
