import { SEGMENT } from '@tether/core';
import { checkGradients, evaluate, input, traceGraph, uniformNumbers } from '@tether/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attention, attentionMask, mergeHeads, slotMask, splitHeads } from './index.ts';

describe('attention', () => {
  const [rows, heads, keyHeads, length, slots, dim] = [2, 6, 3, 3, 5, 4];

  /** One head at a time, from the definition. */
  function byDefinition(
    q: ArrayLike<number>,
    k: ArrayLike<number>,
    v: ArrayLike<number>,
    mask: ArrayLike<number>,
  ): number[] {
    const result: number[] = [];
    for (let b = 0; b < rows; b++)
      for (let a = 0; a < heads; a++)
        for (let t = 0; t < length; t++) {
          const query = ((b * heads + a) * length + t) * dim;
          const key = (s: number) => ((b * keyHeads + Math.floor(a / (heads / keyHeads))) * slots + s) * dim;
          const weights = Array.from({ length: slots }, (_, s) => {
            let score = mask[(b * length + t) * slots + s]!;
            for (let d = 0; d < dim; d++) score += q[query + d]! * k[key(s) + d]!;
            return Math.exp(score);
          });
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          for (let d = 0; d < dim; d++) {
            result.push(weights.reduce((sum, weight, s) => sum + (weight / total) * v[key(s) + d]!, 0));
          }
        }
    return result;
  }

  const tensors = () => ({
    q: input('q', 'f32', [rows, heads, length, dim]),
    k: input('k', 'f32', [rows, keyHeads, slots, dim]),
    v: input('v', 'f32', [rows, keyHeads, slots, dim]),
    mask: input('mask', 'f32', [rows, 1, length, slots]),
  });
  const values = (seed: number) => ({
    q: uniformNumbers(rows * heads * length * dim, seed, -2, 2),
    k: uniformNumbers(rows * keyHeads * slots * dim, seed + 1, -2, 2),
    v: uniformNumbers(rows * keyHeads * slots * dim, seed + 2, -2, 2),
    mask: uniformNumbers(rows * length * slots, seed + 3, -3, 0),
  });

  it('is softmax(q·kᵀ + mask)·v with neighbouring query heads on one key head', () => {
    const { q, k, v, mask } = tensors();
    const given = values(7);
    const result = evaluate(traceGraph({ y: attention(q, k, v, mask) }), given).get('y')!;
    expect(result.shape).toEqual([rows, heads, length, dim]);
    byDefinition(given.q, given.k, given.v, given.mask).forEach((x, index) => {
      expect(result.data[index]).toBeCloseTo(x, 12); // float64
    });
  });

  it('has the gradients of its definition', () => {
    const { q, k, v, mask } = values(8);
    const mismatches = checkGradients((x) => attention(x['q']!, x['k']!, x['v']!, x['mask']!), {
      q: { dtype: 'f32', shape: [rows, heads, length, dim], data: q },
      k: { dtype: 'f32', shape: [rows, keyHeads, slots, dim], data: k },
      v: { dtype: 'f32', shape: [rows, keyHeads, slots, dim], data: v },
      mask: { dtype: 'f32', shape: [rows, 1, length, slots], data: mask },
    });
    expect(mismatches).toEqual([]);
  });

  it('splits heads and merges them again', () => {
    const x = input('x', 'f32', [6, 8]); // 2 rows of 3 positions, 4 heads of 2
    const split = splitHeads(x, 2, 2);
    const result = evaluate(traceGraph({ split, merged: mergeHeads(split) }), { x: [...Array(48).keys()] });
    expect(result.get('split')!.shape).toEqual([2, 4, 3, 2]);
    expect([...result.get('split')!.data.slice(0, 6)]).toEqual([0, 1, 8, 9, 16, 17]);
    expect([...result.get('merged')!.data]).toEqual([...Array(48).keys()]);
  });
});

describe('masks', () => {
  const segment = fc.integer({ min: 0, max: 3 });

  it('lets query i see key j when j ≤ i, the key may be seen, and it is of the prompt or of i’s own segment', () => {
    const row = fc.integer({ min: 1, max: 7 }).chain((length) =>
      fc.record({
        segments: fc.array(segment, { minLength: 2 * length, maxLength: 2 * length }),
        keyMask: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 2 * length, maxLength: 2 * length }),
      }),
    );
    fc.assert(
      fc.property(row, ({ segments, keyMask }) => {
        const length = segments.length / 2;
        const mask = attentionMask(input('segments', 'i32', [2, length]), input('keyMask', 'i32', [2, length]));
        expect(mask.shape).toEqual([2, 1, length, length]);
        const { data } = evaluate(traceGraph({ mask }), { segments, keyMask }).get('mask')!;
        data.forEach((value, index) => {
          const [b, i, j] = [Math.floor(index / length ** 2), Math.floor(index / length) % length, index % length];
          const key = segments[b * length + j];
          const visible =
            j <= i && keyMask[b * length + j] === 1 && (key === SEGMENT.prompt || key === segments[b * length + i]);
          expect(value === 0, `row ${b}, query ${i}, key ${j}`).toBe(visible);
        });
      }),
    );
  });

  it('gives finite, uniform attention to a query that sees nothing', () => {
    const mask = attentionMask(input('segments', 'i32', [1, 2]), input('keyMask', 'i32', [1, 2]));
    const x = (name: string) => input(name, 'f32', [1, 1, 2, 1]);
    const y = attention(x('q'), x('k'), x('v'), mask);
    const given = { segments: [0, 0], keyMask: [0, 0], q: [5, 7], k: [3, -4], v: [1, 2] };
    expect([...evaluate(traceGraph({ y }), given).get('y')!.data]).toEqual([1.5, 1.5]);
  });

  it('lets a query see the slots up to its position', () => {
    const mask = slotMask(input('positions', 'i32', [2, 1]), 4);
    const { data } = evaluate(traceGraph({ mask }), { positions: [0, 2] }).get('mask')!;
    expect(Array.from(data, (value) => value === 0)).toEqual([true, false, false, false, true, true, true, false]);
  });
});
