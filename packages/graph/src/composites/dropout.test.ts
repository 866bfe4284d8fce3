import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';

const SIZE = 40_000;
const x = g.input('x', 'f32', [SIZE]);
const seed = g.input('seed', 'i32', []);

const dropped = (rate: number, seedValue: number, stream: number): Float64Array =>
  g
    .evaluate(g.traceGraph({ y: g.dropout(x, rate, seed, stream) }), {
      x: new Float64Array(SIZE).fill(1),
      seed: [seedValue],
    })
    .get('y')!.data;

type Draw = readonly [seed: number, stream: number];

const shareOf = (data: Float64Array, test: (value: number, at: number) => boolean): number =>
  data.filter(test).length / data.length;

/** Five standard deviations of a share among SIZE independent draws: exceeded once in millions. */
const farFrom = (share: number): number => 5 * Math.sqrt((share * (1 - share)) / SIZE);

describe('dropout', () => {
  it.each([0.1, 0.5, 0.9])('zeroes a share of %d and scales the rest so that the mean stays', (rate) => {
    const data = dropped(rate, 3, 0);
    expect(Math.abs(shareOf(data, (value) => value === 0) - rate)).toBeLessThan(farFrom(rate));
    const rounded = Math.round(rate * 4096) / 4096;
    expect([...new Set(data)].toSorted()).toEqual([0, expect.closeTo(1 / (1 - rounded), 12)]);
  });

  it('leaves some elements at any rate below 1', () => {
    expect(shareOf(dropped(1 - 1e-9, 3, 0), (value) => value > 0)).toBeGreaterThan(0);
  });

  it('is the identity at rate 0', () => {
    expect(g.dropout(x, 0, seed, 0)).toBe(x);
  });

  it('draws the same for the same seed and stream', () => {
    expect(dropped(0.5, 11, 4)).toEqual(dropped(0.5, 11, 4));
  });

  it.each<{ first: Draw; second: Draw; title: string }>([
    { first: [11, 4], second: [12, 4], title: 'successive seeds' },
    { first: [11, 4], second: [11, 5], title: 'successive streams' },
    { first: [4, 11], second: [11, 4], title: 'seed and stream exchanged' },
  ])('draws independently for $title', ({ first, second }) => {
    const [a, b] = [dropped(0.5, ...first), dropped(0.5, ...second)];
    const agreeing = shareOf(a, (value, at) => value === b[at]);
    expect(Math.abs(agreeing - 0.5)).toBeLessThan(farFrom(0.5));
  });

  it.each([
    ['neighbours', 1],
    ['the two elements of a word', SIZE / 2],
  ])('draws %s independently', (_, distance) => {
    const data = dropped(0.5, 7, 0);
    const agreeing = shareOf(data, (value, at) => value === data[(at + distance) % SIZE]);
    expect(Math.abs(agreeing - 0.5)).toBeLessThan(farFrom(0.5) * (distance === 1 ? 1 : Math.SQRT2)); // half as many pairs
  });

  it('takes an odd number of elements', () => {
    const odd = g.input('x', 'f32', [3, 5]);
    const y = g.dropout(odd, 0.5, seed, 0);
    const values = g.evaluate(g.traceGraph({ y }), { x: new Float64Array(15).fill(1), seed: [5] }).get('y')!.data;
    expect([...new Set(values)].toSorted()).toEqual([0, 2]);
  });

  it('lets gradients through exactly where it lets values through', () => {
    const y = g.dropout(x, 0.5, seed, 2);
    const graph = g.traceGraph({ y, d: g.grad(g.reduceSum(y), [x])[0]! });
    const values = g.evaluate(graph, { x: new Float64Array(SIZE).fill(1), seed: [5] });
    expect(values.get('d')!.data).toEqual(values.get('y')!.data);
  });
});
