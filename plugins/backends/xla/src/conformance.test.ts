import { FLUSHES_SUBNORMALS, testBackend } from '@tether/testing';
import { plugin } from './index.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

await whereAvailable('xla', () => {
  testBackend({
    create: () => plugin.create(testConfig()),
    floats: ['bf16', 'f16'],
    tolerances: { div: FLUSHES_SUBNORMALS },
    // Each case is compiled to machine code, which takes some 30 ms: a fifth of the usual number of random shapes.
    randomRuns: 4,
  });
});
