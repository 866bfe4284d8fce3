import { defineRegularizer } from '@tether/core';
import { l2InitialConfig, type L2InitialConfig } from './config.ts';
import { l2InitialPenalty } from './l2Initial.ts';

/** Distance of the weights from those that training began with. */
export const plugin = defineRegularizer<L2InitialConfig>({
  name: 'l2_initial',
  description: 'squared distance of the trained weights from their initial values (Li et al. 2018, L2-SP)',
  config: l2InitialConfig,
  needs: () => ['weights'],
  takesUnpaired: true,
  penalty: l2InitialPenalty,
});
export default plugin;
