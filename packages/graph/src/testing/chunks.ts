import fc from 'fast-check';
import { expect } from 'vitest';
import {
  evaluate,
  sizeOf,
  traceGraph,
  uniformNumbers,
  vectorJacobian,
  type Graph,
  type Shape,
  type Tensor,
} from '../index.ts';

/** What the tests of composites that work in chunks of the vocabulary share. */

/** Two float64 ways to sum at most a few dozen numbers near 1 differ by some ulps: 1e-12 is far above, and far below any real mistake. */
export const ROUNDING = 1e-12;

export interface Case {
  readonly rows: number; // N
  readonly hidden: number; // H
  readonly vocabulary: number; // V
  readonly chunk: number;
  readonly seed: number;
}

/** A vocabulary of 20 in five chunks. */
export const FIVE_CHUNKS: Case = { rows: 6, hidden: 3, vocabulary: 20, chunk: 4, seed: 1 };

export const cases = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  hidden: fc.integer({ min: 1, max: 4 }),
  vocabulary: fc.integer({ min: 1, max: 23 }),
  chunk: fc.integer({ min: 1, max: 25 }),
  seed: fc.integer({ min: 0, max: 2 ** 30 }),
});

export const numbers = (shape: Shape, seed: number): Float64Array => uniformNumbers(sizeOf(shape), seed, -2, 2);

/** Values of `outputs` of both graphs, which have the same names, side by side. */
export function expectSameValues(actual: Graph, expected: Graph, inputs: Record<string, ArrayLike<number>>): void {
  const only = ({ inputs: needed }: Graph) =>
    Object.fromEntries([...needed.keys()].map((name) => [name, inputs[name]!]));
  const [a, b] = [evaluate(actual, only(actual)), evaluate(expected, only(expected))];
  for (const [name, { data }] of b) {
    a.get(name)!.data.forEach((value, index) => {
      expect(Math.abs(value - data[index]!), `${name}[${index}]`).toBeLessThanOrEqual(
        ROUNDING * (1 + Math.abs(data[index]!)),
      );
    });
  }
}

/** The value and its gradients, contracted with random weights. */
export function withGradients(value: Tensor, wrt: Readonly<Record<string, Tensor>>, weights: Tensor): Graph {
  const gradients = vectorJacobian(value, Object.values(wrt), weights);
  return traceGraph({
    value,
    ...Object.fromEntries(Object.keys(wrt).map((name, index) => [`d${name}`, gradients[index]!])),
  });
}

/** The largest number of columns that any matrix [rows, …] of the graph has. */
export const widestLogits = (graph: Graph, rows: number): number =>
  Math.max(
    0,
    ...graph.nodes.filter(({ shape }) => shape.length === 2 && shape[0] === rows).map(({ shape }) => shape[1]!),
  );
