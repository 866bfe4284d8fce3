import { evaluate, grad, input, reduceSum, traceGraph } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { sameRank } from './ranks.ts';

const [x, y] = [input('x', 'f32', [2, 4]), input('y', 'f32', [2, 4])];
const counts = input('counts', 'f32', [1, 4]);
const values = { x: [3, 1, 2, -9, 5, 5, 0, -9], y: [10, 30, 20, -99, 7, 6, 6, -99], counts: [1, 1, 1, 0] };

const numbersOf = (outputs: Parameters<typeof traceGraph>[0]): number[][] =>
  [...evaluate(traceGraph(outputs), values).values()].map(({ data }) => Array.from(data));

describe('sameRank', () => {
  it('gives each the other sample’s value of the same place: ties in their order, the rest left out', () => {
    const [partners] = numbersOf({ partners: sameRank(x, y, counts) });
    expect(partners!.slice(0, 3)).toEqual([30, 10, 20]);
    expect(partners!.slice(4, 7)).toEqual([6, 7, 6]);
  });

  it('has a gradient by the values alone, one for each', () => {
    const [bx, by] = grad(reduceSum(sameRank(x, y, counts)), [x, y]) as [typeof x, typeof y];
    const [gradientX, gradientY] = numbersOf({ bx, by });
    expect(gradientX!.every((value) => value === 0)).toBe(true);
    expect(gradientY!.every((value) => value === 1)).toBe(true);
  });
});
