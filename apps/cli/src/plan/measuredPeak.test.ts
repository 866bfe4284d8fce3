import { expect, it } from 'vitest';
import { perform } from '../bench/perform.ts';
import type { StepWork } from '../bench/work.ts';

const work: StepWork = {
  kind: 'step',
  shape: 'tiny15',
  engine: { backend: 'onnxruntime', options: { threads: 2 } },
  regularizers: ['none'],
  precompute: false,
  rematerialize: false,
  lora: 0,
  steps: 2,
  pairs: 4,
  prompt: 128,
  completion: 128,
};

/** What the plan promises (docs/plan.md). */
const MOST_OFF = 0.15;

it.each([
  ['DPO', work],
  ['DPO with GANPO', { ...work, regularizers: ['ganpo'] }],
  ['DPO with adapters', { ...work, lora: 16 }],
])(
  'a step takes the memory that was planned: %s, 15 M parameters',
  async (_, asked) => {
    const measured = await perform(asked, { python: undefined, signal: new AbortController().signal });
    if ('failure' in measured) throw new Error(measured.failure);
    const { peakMemoryBytes, plannedMemoryBytes } = measured;
    expect(Math.abs(plannedMemoryBytes! - peakMemoryBytes) / peakMemoryBytes).toBeLessThan(MOST_OFF);
  },
  120_000,
);
