import { add, input, matmul, mul, reduceSum, reshape, sqrt, sub } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { safeDonations } from './donations.ts';
import { modelOf, type Outputs } from './testing/models.ts';

const x = input('x', 'f32', [2, 2]);
const g = input('g', 'f32', [2, 2]);
const donate = (outputs: Outputs, ...pairs: [output: string, input: string][]) => [
  ...safeDonations(modelOf(outputs), new Map(pairs)).keys(),
];

describe('memory that an output may take from an input', () => {
  it('is taken when the last operator reads it element by element', () => {
    expect(donate({ y: sub(x, mul(g, 0.1)) }, ['y', 'x'])).toEqual(['y']);
  });

  it('is taken by a whole optimizer step', () => {
    const [m, v] = [input('m', 'f32', [2, 2]), input('v', 'f32', [2, 2])];
    const first = add(mul(m, 0.9), mul(g, 0.1));
    const second = add(mul(v, 0.99), mul(mul(g, g), 0.01));
    const outputs = { x: sub(x, mul(first, sqrt(second))), m: first, v: second };
    expect(donate(outputs, ['x', 'x'], ['m', 'm'], ['v', 'v'])).toEqual(['x', 'm', 'v']);
  });

  it('is taken when what else reads it comes first by necessity', () => {
    expect(donate({ y: sub(x, reduceSum(mul(x, x))) }, ['y', 'x'])).toEqual(['y']);
  });

  it('is not taken while another result still has to be computed from it', () => {
    expect(donate({ y: sub(x, g), other: mul(x, 2) }, ['y', 'x'])).toEqual([]);
  });

  it('is not taken while it is read under another shape', () => {
    const other = mul(reshape(x, [4]), input('h', 'f32', [4]));
    expect(donate({ y: sub(x, g), other }, ['y', 'x'])).toEqual([]);
  });

  it('is not taken by an operator that reads elements again', () => {
    expect(donate({ y: matmul(x, g) }, ['y', 'x'])).toEqual([]);
  });

  it('is taken once', () => {
    expect(donate({ y: sub(x, g), z: add(sub(x, g), 1) }, ['y', 'x'], ['z', 'x'])).toEqual(['y']);
  });

  it('is not taken by an output that is an input', () => {
    expect(donate({ y: g }, ['y', 'x'])).toEqual([]);
  });
});
