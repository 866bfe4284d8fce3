import { defineObjective } from '@tether/core';
import { ktoConfig, type KtoConfig } from './config.ts';
import { ktoLoss } from './kto.ts';

/** Kahneman-Tversky optimization. */
export const plugin = defineObjective<KtoConfig>({
  name: 'kto',
  description:
    'Kahneman-Tversky optimization (Ethayarajh et al. 2024): completions judged one by one, here both of a pair',
  config: ktoConfig,
  needs: ({ kl_estimate: estimate }) => [
    'rejected',
    'referenceLogps',
    ...(estimate === 'mismatched' ? (['mismatchedLogps'] as const) : []),
  ],
  loss: ktoLoss,
});
export default plugin;
