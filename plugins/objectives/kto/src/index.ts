import { defineObjective, type Objective } from '@tether/core';
import { apoZeroUnpairedConfig, ktoConfig, type ApoZeroUnpairedConfig, type KtoConfig } from './config.ts';
import { ktoLoss } from './kto.ts';

/** Kahneman-Tversky optimization. */
export const plugin = defineObjective<KtoConfig>({
  name: 'kto',
  description:
    'Kahneman-Tversky optimization (Ethayarajh et al. 2024): completions judged one by one, of pairs or unpaired',
  config: ktoConfig,
  needs: ({ kl_estimate: estimate }) => [
    'rejected',
    'referenceLogps',
    ...(estimate === 'mismatched' ? (['mismatchedLogps'] as const) : []),
  ],
  takesUnpaired: true,
  loss: ktoLoss,
});
export default plugin;

const apoZeroUnpaired = defineObjective<ApoZeroUnpairedConfig>({
  name: 'apo_zero_unpaired',
  description: 'APO-zero of single completions (D’Oosterlinck et al. 2024): KTO whose reference point is 0',
  config: apoZeroUnpairedConfig,
  needs: () => ['rejected', 'referenceLogps'],
  takesUnpaired: true,
  loss: (views, options) => ktoLoss(views, { ...options, kl_estimate: 'none' }),
});

/** TRL's other loss for unpaired data, under its name. */
export const plugins: Readonly<Record<string, Objective>> = { apo_zero_unpaired: apoZeroUnpaired };
