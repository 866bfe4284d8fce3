import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';
import { floats } from '../testing/arbitraries.ts';

const x = g.input('x', 'f32', [3]);
const at = { x: [1, 2, 3] };
const valueOf = (tensor: g.Tensor, inputs: g.NumbersByName = at): number[] => [
  ...g.evaluate(g.traceGraph({ y: tensor }), inputs).get('y')!.data,
];
const countOf = (graph: g.Graph, operation: string): number =>
  graph.nodes.filter((node) => node.operation.name === operation).length;

describe('stopGradient', () => {
  it('keeps the value and stops the gradient', () => {
    const y = g.mul(g.stopGradient(x), x);
    expect(valueOf(y)).toEqual([1, 4, 9]);
    expect(valueOf(g.grad(g.reduceSum(y), [x])[0]!)).toEqual([1, 2, 3]); // x is a factor, not a square
  });

  it('leaves zeros where the whole dependence is stopped', () => {
    expect(valueOf(g.grad(g.reduceSum(g.stopGradient(x)), [x])[0]!, {})).toEqual([0, 0, 0]);
  });

  it('is gone from what a backend sees', () => {
    expect(countOf(g.optimize(g.traceGraph({ y: g.stopGradient(x) })), 'stopGradient')).toBe(0);
  });
});

describe('withGradient', () => {
  it('takes the value of its first argument and the gradient of its pullback', () => {
    const y = g.withGradient(g.exp(x), [x], (gradient) => [g.mul(gradient, 5)]);
    expect(valueOf(y)).toEqual([1, 2, 3].map(Math.exp));
    expect(valueOf(g.grad(g.reduceSum(y), [x])[0]!, {})).toEqual([5, 5, 5]);
  });

  it('does not differentiate what the value was computed from', () => {
    const other = g.input('other', 'f32', [3]);
    const y = g.withGradient(g.mul(x, other), [x], (gradient) => [gradient]);
    expect(valueOf(g.grad(g.reduceSum(y), [other])[0]!, {})).toEqual([0, 0, 0]);
  });

  it('may leave the gradient of an input out', () => {
    const other = g.input('other', 'f32', [3]);
    const y = g.withGradient(x, [x, other], (gradient) => [gradient, undefined]);
    expect(g.grad(g.reduceSum(y), [x, other]).map((tensor) => valueOf(tensor, {}))).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ]);
  });

  it('adds to the other uses of its input', () => {
    const y = g.add(
      g.withGradient(x, [x], (gradient) => [g.mul(gradient, 10)]),
      g.mul(x, 2),
    );
    expect(valueOf(g.grad(g.reduceSum(y), [x])[0]!, {})).toEqual([12, 12, 12]);
  });
});

describe('vectorJacobian', () => {
  it('gives the gradient of an intermediate value as well as of what it came from', () => {
    const middle = g.mul(x, 3);
    const [toMiddle, toX] = g.grad(g.reduceSum(g.mul(middle, middle)), [middle, x]);
    expect(valueOf(toMiddle!)).toEqual([6, 12, 18]);
    expect(valueOf(toX!)).toEqual([18, 36, 54]);
  });

  it('refuses losses that are not float scalars, naming their type', () => {
    expect(() => g.grad(x, [x])).toThrow('a loss is a float scalar, not f32[3]');
    expect(() => g.grad(g.argMax(x, 0), [x])).toThrow('a loss is a float scalar, not i32[]');
    expect(() => g.vectorJacobian(x, [x], g.constant(1))).toThrow('gradient f32[] does not fit output f32[3]');
  });

  it('keeps the scope of what is differentiated, with a prime', () => {
    const y = g.scope('layer', () => g.exp(x));
    const graph = g.traceGraph({ d: g.grad(g.reduceSum(y), [x])[0]! });
    expect(graph.nodes.map((node) => node.scope)).toContain("layer'");
  });
});

describe('barrier', () => {
  it('is the identity, with the identity’s gradient for its value and none for what it waits for', () => {
    const after = g.input('after', 'f32', []);
    const y = g.barrier(x, after);
    expect(valueOf(y, { ...at, after: [9] })).toEqual([1, 2, 3]);
    expect(g.grad(g.reduceSum(y), [x, after]).map((tensor) => valueOf(tensor, {}))).toEqual([[1, 1, 1], [0]]);
  });

  it('keeps the same computation behind it apart', () => {
    const twice = g.traceGraph({ a: g.exp(x), b: g.exp(g.barrier(x, g.exp(x))) });
    expect(countOf(g.optimize(twice), 'exp')).toBe(2);
  });
});

describe('checkpoint', () => {
  const weight = g.input('weight', 'f32', [4, 4]);
  const states = g.input('states', 'f32', [2, 4]);
  const block = ([w, h]: readonly g.Tensor[]): g.Tensor => g.tanh(g.matmul(g.tanh(g.matmul(h!, w!)), w!));
  const lossOf = (output: g.Tensor): g.Tensor => g.reduceSum(g.mul(output, output));

  it('has the value and the gradients of the plain computation, bit for bit', () => {
    const inputs = { weight: floats([4, 4], 1).data, states: floats([2, 4], 2).data };
    const outputsOf = (output: g.Tensor): number[][] => {
      const loss = lossOf(output);
      const [toWeight, toStates] = g.grad(loss, [weight, states]);
      const graph = g.traceGraph({ loss, toWeight: toWeight!, toStates: toStates! });
      return [...g.evaluate(g.optimize(graph), inputs).values()].map(({ data }) => [...data]);
    };
    expect(outputsOf(g.checkpoint([weight, states], block))).toEqual(outputsOf(block([weight, states])));
  });

  it('passes the gradient check inside a larger function', () => {
    const build = ({ weight: w, states: h }: Readonly<Record<string, g.Tensor>>): g.Tensor =>
      g.mul(g.checkpoint([w!, g.sin(h!)], block), h!);
    expect(g.checkGradients(build, { weight: floats([4, 4], 1), states: floats([2, 4], 2) })).toEqual([]);
  });

  it('computes again in the backward pass instead of keeping intermediate values', () => {
    const countTanh = (output: g.Tensor): number => {
      const gradients = g.grad(lossOf(output), [weight, states]);
      return countOf(g.optimize(g.traceGraph({ w: gradients[0]!, h: gradients[1]! })), 'tanh');
    };
    expect(countTanh(block([weight, states]))).toBe(2);
    expect(countTanh(g.checkpoint([weight, states], block))).toBe(4);
  });
});
