import { describe, expect, it } from 'vitest';
import {
  checkGradients,
  checkpoint,
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
  stopGradient,
  sub,
  withGradient,
  type Tensor,
} from '../index.ts';
import { floats, indices } from '../testing/arbitraries.ts';

type Tensors = Readonly<Record<string, Tensor>>;

describe('checkGradients', () => {
  it('reports a gradient that is wrong, with both numbers', () => {
    const wrong = ({ x }: Tensors): Tensor => withGradient(exp(x!), [x!], (g) => [mul(g, 2)]);
    const [mismatch] = checkGradients(wrong, { x: { dtype: 'f32', shape: [], data: [1] } }, { seed: 3 });
    expect(mismatch).toMatchObject({ input: 'x', where: 'element 0' });
    expect(mismatch!.numeric / mismatch!.analytic).toBeCloseTo(Math.E / 2, 6);
  });

  it('reports a wrong gradient among more elements than it probes one by one', () => {
    const wrong = ({ x }: Tensors): Tensor => withGradient(sin(x!), [x!], (g) => [mul(g, 1.001)]);
    expect(checkGradients(wrong, { x: floats([30, 30], 1) }, { mostElements: 4 }).length).toBeGreaterThan(0);
  });

  it.each([1e-6, 1e-9, 1e-12])('reports a wrong gradient of a function of size %s', (size) => {
    const wrong = ({ x }: Tensors): Tensor => withGradient(mul(sin(x!), size), [x!], (g) => [mul(mul(g, 1.001), size)]);
    const right = ({ x }: Tensors): Tensor => mul(sin(x!), size);
    const point = { x: floats([5], 1) };
    expect(checkGradients(wrong, point)).toHaveLength(5);
    expect(checkGradients(right, point)).toEqual([]);
  });

  it('reports a gradient that is not a number', () => {
    const wrong = ({ x }: Tensors): Tensor => withGradient(sin(x!), [x!], (g) => [mul(g, Number.NaN)]);
    expect(checkGradients(wrong, { x: floats([2], 1) })).toHaveLength(2);
  });

  it('refuses a function without a gradient', () => {
    expect(() => checkGradients(({ i }) => i!, { i: indices([2], 1, 3) })).toThrow('i32 output has no gradient');
  });
});

describe('what is stopped on purpose', () => {
  const point = { x: floats([4], 1), y: floats([4], 2) };

  it('is held at its value: the gradient leaves it out, and so do the differences', () => {
    const build = ({ x, y }: Tensors): Tensor => mul(stopGradient(exp(x!)), mul(x!, y!));
    expect(checkGradients(build, point)).toEqual([]);
  });

  it('is held upstream of a hand-made gradient, too', () => {
    const build = ({ x, y }: Tensors): Tensor => logSigmoid(sub(y!, stopGradient(mul(y!, x!))));
    expect(checkGradients(build, point)).toEqual([]);
  });

  it('is not held inside the value of a hand-made gradient, which a checkpoint stops itself', () => {
    const build = ({ x, y }: Tensors): Tensor =>
      checkpoint([x!, stopGradient(exp(y!))], ([a, b]) => sin(mul(a!, mul(a!, b!))));
    expect(checkGradients(build, point)).toEqual([]);
  });

  it('still shows a hand-made gradient that is wrong', () => {
    const build = ({ x, y }: Tensors): Tensor =>
      withGradient(stopGradient(mul(x!, y!)), [x!, y!], (g) => [mul(g, y!), mul(g, mul(x!, 2))]);
    expect(new Set(checkGradients(build, point).map(({ input }) => input))).toEqual(new Set(['y']));
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
    const derivative = ({ x }: Tensors): Tensor => grad(reduceSum(mul(f(x!), f(x!))), [x!])[0]!;
    expect(checkGradients(derivative, { x: floats([3, 4], 1) })).toEqual([]);
  });
});
