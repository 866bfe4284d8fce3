import { describe, expect, it } from 'vitest';
import {
  checkGradients,
  constant,
  exp,
  grad,
  logSigmoid,
  matmul,
  mul,
  reduceSum,
  rmsNorm,
  sin,
  softmax,
  withGradient,
  type Tensor,
} from '../index.ts';
import { floats, indices } from '../testing/arbitraries.ts';

describe('checkGradients', () => {
  it('reports a gradient that is wrong, with both numbers', () => {
    const wrong = ({ x }: Readonly<Record<string, Tensor>>): Tensor => withGradient(exp(x!), [x!], (g) => [mul(g, 2)]);
    const [mismatch] = checkGradients(wrong, { x: { dtype: 'f32', shape: [], data: [1] } }, { seed: 3 });
    expect(mismatch).toMatchObject({ input: 'x', where: 'element 0' });
    expect(mismatch!.numeric / mismatch!.analytic).toBeCloseTo(Math.E / 2, 6);
  });

  it('reports a wrong gradient among more elements than it probes one by one', () => {
    const wrong = ({ x }: Readonly<Record<string, Tensor>>): Tensor =>
      withGradient(sin(x!), [x!], (g) => [mul(g, 1.001)]);
    expect(checkGradients(wrong, { x: floats([30, 30], 1) }, { mostElements: 4 }).length).toBeGreaterThan(0);
  });

  it('reports a gradient that is not a number', () => {
    const wrong = ({ x }: Readonly<Record<string, Tensor>>): Tensor =>
      withGradient(sin(x!), [x!], (g) => [mul(g, Number.NaN)]);
    expect(checkGradients(wrong, { x: floats([2], 1) })).toHaveLength(2);
  });

  it('refuses a function without a gradient', () => {
    expect(() => checkGradients(({ i }) => i!, { i: indices([2], 1, 3) })).toThrow('i32 output has no gradient');
  });
});

describe('gradients of gradients', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['sin', sin],
    ['softmax', softmax],
    ['rmsNorm', (x) => rmsNorm(x, constant([0.5, 1, 2, 3], 'f32', [4]), 0.1)],
    ['matmul', (x) => matmul(x, x, { transposeB: true })],
    ['logSigmoid', logSigmoid],
  ])('%s', (_, f) => {
    const derivative = ({ x }: Readonly<Record<string, Tensor>>): Tensor =>
      grad(reduceSum(mul(f(x!), f(x!))), [x!])[0]!;
    expect(checkGradients(derivative, { x: floats([3, 4], 1) })).toEqual([]);
  });
});
