import { checkGradients, evaluate, input, optimize, traceGraph, uniformNumbers, vectorJacobian } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { cappedLogProb, linearHead } from './index.ts';

const [N, H, V, CAP] = [5, 4, 11, 1.5];
const states = uniformNumbers(N * H, 1, -2, 2);
const weight = uniformNumbers(V * H, 2, -2, 2);
const labels = [3, 0, 10, 3, 7];

describe('cappedLogProb', () => {
  it('is log softmax of cap·tanh(z/cap) at the label, whatever the chunk', () => {
    for (const chunk of [undefined, 1, 4, 11]) {
      const y = cappedLogProb(input('h', 'f32', [N, H]), input('w', 'f32', [V, H]), input('l', 'i32', [N]), CAP, chunk);
      const { data } = evaluate(traceGraph({ y }), { h: states, w: weight, l: labels }).get('y')!;
      labels.forEach((label, n) => {
        const logits = Array.from({ length: V }, (_, v) => {
          let z = 0;
          for (let i = 0; i < H; i++) z += states[n * H + i]! * weight[v * H + i]!;
          return CAP * Math.tanh(z / CAP);
        });
        const total = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
        expect(data[n]).toBeCloseTo(logits[label]! - total, 13);
      });
    }
  });

  it.each([undefined, 3])('has the gradient of its value for states and weight, with chunks of %s', (chunk) => {
    const mismatches = checkGradients((x) => cappedLogProb(x['h']!, x['w']!, x['l']!, CAP, chunk), {
      h: { dtype: 'f32', shape: [N, H], data: states },
      w: { dtype: 'f32', shape: [V, H], data: weight },
      l: { dtype: 'i32', shape: [N], data: labels },
    });
    expect(mismatches).toEqual([]);
  });

  it('never holds logits of more than a chunk', () => {
    const w = input('w', 'f32', [V, H]);
    const h = input('h', 'f32', [N, H]);
    const y = linearHead(w, { cap: CAP, chunk: 3 }).logps(h, input('l', 'i32', [N]));
    const [dh, dw] = vectorJacobian(y, [h, w], input('g', 'f32', [N])) as [typeof y, typeof y];
    const graph = optimize(traceGraph({ y, dh, dw }));
    const widths = graph.nodes
      .filter(({ shape }) => shape[0] === N && shape.length === 2)
      .map(({ shape }) => shape[1]!);
    expect(Math.max(...widths)).toBe(H); // chunks of 3 are narrower than the hidden size of 4
  });
});

describe('a head with a cap', () => {
  it('gives capped logits of any range of the vocabulary', () => {
    const head = linearHead(input('w', 'f32', [V, H]), { cap: CAP });
    const y = head.logits(input('h', 'f32', [N, H]), 2, 6);
    const result = evaluate(traceGraph({ y }), { h: states.map((x) => 50 * x), w: weight }).get('y')!;
    expect(result.shape).toEqual([N, 4]);
    expect(Math.max(...result.data.map(Math.abs))).toBeLessThanOrEqual(CAP);
    expect(Math.max(...result.data.map(Math.abs))).toBeGreaterThan(0.999 * CAP);
  });
});
