import { defineRegularizer } from '@tether/core';
import { nllConfig, type NllConfig } from './config.ts';
import { nllPenalty } from './nll.ts';

/** Fine-tuning on the chosen completions, mixed into another objective. */
export const plugin = defineRegularizer<NllConfig>({
  name: 'nll',
  description: 'negative log-likelihood of the chosen completions, mixed into the objective',
  config: nllConfig,
  needs: () => [],
  takesUnpaired: true,
  penalty: nllPenalty,
});
export default plugin;
