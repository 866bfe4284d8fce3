import { testBackend, TOLERANCE_CLASSES } from '@tether/testing';
import { plugin } from './index.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

/** The smallest normal f32 over two units of roundoff: errors up to that number pass. */
const SMALLEST_NORMAL_FLOOR = 2 ** -126 / 2 ** -23;

await whereAvailable('xla', () => {
  testBackend({
    create: () => plugin.create(testConfig()),
    floats: ['bf16', 'f16'],
    tolerances: {
      div: {
        ...TOLERANCE_CLASSES.rounded,
        floor: SMALLEST_NORMAL_FLOOR,
        reason: 'the CPU plugin has the processor flush subnormal numbers to 0',
      },
    },
    // Each case is compiled to machine code, which takes some 30 ms: a fifth of the usual number of random shapes.
    randomRuns: 4,
  });
});
