import { defineRegularizer } from '@tether/core';
import { ESTIMATORS, klConfig, type Estimator, type KlConfig } from './config.ts';
import { isFullDistribution, klPenalty } from './kl.ts';

export { ESTIMATORS, type Estimator, type KlConfig };

/** Divergence of the policy from the reference at completion positions. */
export const plugin = defineRegularizer<KlConfig>({
  name: 'kl',
  description: 'divergence of the policy from the reference at completion positions',
  config: klConfig,
  needs: ({ estimator }) => [isFullDistribution(estimator) ? `divergence/${estimator}` : 'referenceLogps'],
  takesUnpaired: true,
  penalty: klPenalty,
});
export default plugin;
