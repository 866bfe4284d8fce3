import { TOLERANCE_CLASSES, testBackend, runNumbers, wave } from '@tether/testing';
import { input, less, sin, traceGraph } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { createBackend } from './backend.ts';
import { plugin } from './index.ts';

const config = { providers: ['webgpu' as const], threads: 2 };
const found = await plugin.availability(config);
if (!found.available) console.warn(`skipped: the kit on WebGPU: ${found.reason}`);

const NO_SPECIAL_VALUES = 'WGSL lets a device take NaN, infinities and subnormal numbers for numbers that do not occur';
const SPECIAL = ['barrier', 'div', 'pow', 'exp', 'log', 'sigmoid', 'softmax'];

/** Tests that look outside a table so that a run fails. */
const FAILING = [
  'turns an index outside its table into a BackendError',
  'a donated tensor is dead after a run that fails, and no other',
];

describe.skipIf(!found.available)('WebGPU', () => {
  testBackend({
    create: () => createBackend(config),
    tolerances: {
      erf: { units: 16, floor: 1, reason: 'a formula that is good to 1.5e-7 of 1 (Abramowitz and Stegun 7.1.26)' },
      pow: { ...TOLERANCE_CLASSES.scaled, units: 1024, reason: '2 to the power of a logarithm: its digits are lost' },
      sin: { units: 8, floor: 1, reason: 'a polynomial after a reduction: good to some units of 1' },
      cos: { units: 8, floor: 1, reason: 'a polynomial after a reduction: good to some units of 1' },
    },
    skips: [
      ...SPECIAL.map((operation) => ({ test: `special values: ${operation}`, reason: NO_SPECIAL_VALUES })),
      ...FAILING.map((test) => ({ test, reason: 'WebGPU reads another element instead of failing' })),
      {
        test: 'a training step gives the same bits in place, not in place, and again',
        reason:
          'scattered sums add in the order in which the device’s threads arrive: last digits differ from run to run',
      },
    ],
  });

  it('tells which operators fell to the CPU', async () => {
    const backend = await createBackend(config);
    const { graph, placement } = await backend.compile(
      traceGraph({ wave: sin(input('x', 'f32', [4])), smaller: less(input('a', 'i32', [4]), 3) }),
    );
    expect(graph.outputs.size).toBe(2);
    expect(placement).toMatch(/^\d+ of \d+ nodes on webgpu/);
    await backend.dispose();
  });

  it('keeps sine and cosine good to some units of 1 for thousands of radians', async () => {
    const backend = await createBackend(config);
    const x = wave([4096]).map((value) => value * 4000);
    const { y } = await runNumbers(backend, { y: sin(input('x', 'f32', [4096])) }, { x });
    expect(Math.max(...x.map((value, index) => Math.abs(y![index]! - Math.sin(value))))).toBeLessThan(5e-7);
    await backend.dispose();
  });
});
