import { FLUSHES_SUBNORMALS, testBackend } from '@tether/testing';
import { plugin } from './index.ts';

testBackend({
  create: () => plugin.create(plugin.config.parse({})),
  floats: ['bf16', 'f16'],
  tolerances: { div: FLUSHES_SUBNORMALS },
});
