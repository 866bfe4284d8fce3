import { SEGMENT } from '@tether/core';
import { evaluate, grad, input, mul, reduceSum, traceGraph, uniformNumbers } from '@tether/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queryBlocks } from './causalAttention.ts';
import { attention, attentionMask, causalAttention } from './index.ts';

describe('attention in blocks of queries', () => {
  it('covers every query once, in blocks that are neither small nor many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (length) => {
        const blocks = queryBlocks(length);
        expect(blocks.flatMap(({ start, limit }) => [start, limit])).toEqual([
          0,
          ...blocks.slice(1).flatMap(({ start }) => [start, start]),
          length,
        ]);
        expect(blocks.length).toBeLessThanOrEqual(8);
        for (const { start, limit } of blocks) expect(limit - start).toBeGreaterThanOrEqual(Math.min(128, length));
      }),
    );
  });

  it('gives the values and gradients of whole attention', () => {
    const [rows, heads, keyHeads, length, dim] = [2, 4, 2, 200, 2];
    const segments = input('segments', 'i32', [rows, length]);
    const mask = attentionMask(segments, input('keyMask', 'i32', [rows, length]));
    const q = input('q', 'f32', [rows, heads, length, dim]);
    const k = input('k', 'f32', [rows, keyHeads, length, dim]);
    const v = input('v', 'f32', [rows, keyHeads, length, dim]);
    const g = input('g', 'f32', q.shape);
    const program = (attend: typeof attention) => {
      const y = attend(q, k, v, mask, 5);
      const [dq, dk, dv] = grad(reduceSum(mul(y, g)), [q, k, v]) as [typeof q, typeof q, typeof q];
      return traceGraph({ y, dq, dk, dv });
    };
    const row = [...Array(length).keys()].map((place) =>
      place < 70 ? SEGMENT.prompt : place < 140 ? SEGMENT.chosen : SEGMENT.rejected,
    );
    const numbers = (count: number, seed: number) => uniformNumbers(count, seed, -1, 1);
    const given = {
      segments: [...row, ...row],
      keyMask: Array<number>(rows * length).fill(1),
      q: numbers(rows * heads * length * dim, 1),
      k: numbers(rows * keyHeads * length * dim, 2),
      v: numbers(rows * keyHeads * length * dim, 3),
      g: numbers(rows * heads * length * dim, 4),
    };
    const whole = evaluate(program(attention), given);
    const blocked = evaluate(program(causalAttention), given);
    for (const [name, { data }] of whole) {
      const largest = Math.max(...Array.from(data, Math.abs));
      const gaps = Array.from(data, (value, index) => Math.abs(value - blocked.get(name)!.data[index]!));
      // float64, sums in another order
      expect(Math.max(...gaps) / largest, name).toBeLessThan(1e-13);
    }
  });
});
