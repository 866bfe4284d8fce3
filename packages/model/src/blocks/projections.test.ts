import { evaluate, input, silu, traceGraph } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { linear, gatedFeedForward } from './index.ts';

describe('linear', () => {
  it('multiplies the last axis by rows of the weight and adds the bias', () => {
    const y = linear(input('x', 'f32', [2, 1, 3]), input('w', 'f32', [2, 3]), input('b', 'f32', [2]));
    const result = evaluate(traceGraph({ y }), { x: [1, 2, 3, 4, 5, 6], w: [1, 0, 0, 0, 1, -1], b: [10, 20] }).get(
      'y',
    )!;
    expect(result.shape).toEqual([2, 1, 2]);
    expect([...result.data]).toEqual([11, 19, 14, 19]);
  });
});

describe('gatedFeedForward', () => {
  it('is down(silu(gate(x)) · up(x))', () => {
    const by = (factor: number) => (x: Parameters<typeof linear>[0]) => linear(x, input(`w${factor}`, 'f32', [1, 1]));
    const y = gatedFeedForward(input('x', 'f32', [1, 1]), silu, [by(2), by(3), by(5)]);
    const result = evaluate(traceGraph({ y }), { x: [0.5], w2: [2], w3: [3], w5: [5] }).get('y')!;
    expect(result.data[0]).toBeCloseTo(5 * (1 / (1 + Math.exp(-1))) * 1.5, 14); // silu(1) · 1.5 · 5
  });
});
