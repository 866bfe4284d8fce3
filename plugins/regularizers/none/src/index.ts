import { constant } from '@tether/graph';
import { defineRegularizer } from '@tether/core';
import { noneConfig, type NoneConfig } from './config.ts';

/** No penalty: the plain objective, the first arm of a comparison. */
export const plugin = defineRegularizer<NoneConfig>({
  name: 'none',
  description: 'no penalty: the plain objective',
  config: noneConfig,
  needs: () => [],
  takesUnpaired: true,
  penalty: () => ({ loss: constant(0) }),
});
export default plugin;
