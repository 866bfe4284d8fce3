import fc from 'fast-check';
import * as g from '../index.ts';

/**
 * Random graphs over 2×2 and 1×2 matrices and scalars, rich in what the passes rewrite: known numbers, identities,
 * transposes next to products, chains of reshapes and broadcasts, and the same value computed twice.
 */

const INPUTS = { x: [2, 2], y: [2, 2], row: [1, 2], s: [] } as const;

/** The numbers that random graphs are evaluated at. */
export const randomGraphInputs = {
  x: [0.3, -1.2, 0.7, 2.1],
  y: [-0.4, 0.9, 1.6, -0.2],
  row: [1.5, -0.6],
  s: [0.8],
} as const;

type Build = (pool: readonly g.Tensor[], pick: (shape?: g.Shape) => g.Tensor) => g.Tensor;

const square: g.Shape = [2, 2];
const flip = (x: g.Tensor): g.Tensor => g.transpose(x, [1, 0]);

const STEPS: Readonly<Record<string, Build>> = {
  add: (_, pick) => g.add(pick(), pick()),
  sub: (_, pick) => g.sub(pick(), pick()),
  mul: (_, pick) => g.mul(pick(), pick()),
  'divide by a known number': (_, pick) => g.div(pick(), 4),
  'add 0': (_, pick) => g.add(pick(), 0),
  'subtract 0': (_, pick) => g.sub(pick(), 0),
  'times 1': (_, pick) => g.mul(1, pick()),
  'divided by 1': (_, pick) => g.div(pick(), 1),
  'add a broadcast 0': (_, pick) => g.add(pick(), g.constant(0, 'f32', square)),
  'negate twice': (_, pick) => g.neg(g.neg(pick())),
  maximum: (_, pick) => g.maximum(pick(), pick()),
  select: (_, pick) => g.select(g.less(pick(), pick()), pick(), pick()),
  tanh: (_, pick) => g.tanh(pick()),
  'known number': () => g.mul(g.constant(2), g.add(g.constant(3, 'f32', square), 0.5)),
  'known numbers of several values': () => g.constant([1, 2, 3, 4], 'f32', square),
  'integers that wrap around': (_, pick) =>
    g.add(pick(), g.cast(g.mul(g.constant(2 ** 30, 'i32'), g.constant(12, 'i32')), 'f32')),
  matmul: (_, pick) => g.matmul(pick(square), pick(square)),
  'matmul of transposes': (_, pick) => g.matmul(flip(pick(square)), flip(pick(square)), { transposeA: true }),
  'matmul with a transposed second operand': (_, pick) =>
    g.matmul(pick(square), flip(pick(square)), { transposeB: true }),
  'transpose twice': (_, pick) => flip(flip(pick(square))),
  'transpose once': (_, pick) => flip(pick(square)),
  'reshape there and back': (_, pick) => g.reshape(g.reshape(pick(square), [4]), square),
  'reshape of a known number': () => g.reshape(g.constant(0.25, 'f32', [4]), square),
  'broadcast twice': (_, pick) => g.reduceSum(g.broadcast(g.broadcast(pick([1, 2]), square), [3, 2, 2]), [0]),
  'broadcast a known number': () => g.broadcast(g.constant(0.125, 'f32', [1, 2]), square),
  'reduce and keep': (_, pick) => g.reduceSum(pick(square), [0], true),
  'largest element': (_, pick) => g.reduceMax(pick(square)),
  softmax: (_, pick) => g.softmax(pick(square)),
  rmsNorm: (_, pick) => g.rmsNorm(pick(square), g.reshape(pick([1, 2]), [2]), 1e-3),
  'stopped gradient': (_, pick) => g.stopGradient(pick()),
  'gradient by hand': (_, pick) => {
    const x = pick();
    return g.withGradient(g.tanh(x), [x], (gradient) => [gradient]);
  },
  barrier: (_, pick) => g.barrier(pick(), pick()),
  'the last value again': (pool) => {
    const last = pool.at(-1)!;
    return g.add(g.sigmoid(last), g.sigmoid(last));
  },
  'slice and pad back': (_, pick) => g.pad(g.slice(pick(square), [0, 1], [2, 2]), [0, 1], [0, 0], 0),
};

const stepNames = Object.keys(STEPS);

/** One random graph as text that fast-check can print and shrink: operations and which earlier values they take. */
export interface RandomGraph {
  readonly steps: readonly { readonly step: string; readonly picks: readonly number[] }[];
  readonly outputs: number;
}

export const randomGraphs: fc.Arbitrary<RandomGraph> = fc.record({
  steps: fc.array(
    fc.record({
      step: fc.constantFrom(...stepNames),
      picks: fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 14 },
  ),
  outputs: fc.integer({ min: 1, max: 3 }),
});

/** Builds the graph; its outputs are the last values made. */
export function buildRandomGraph({ steps, outputs }: RandomGraph): g.Graph {
  const pool: g.Tensor[] = Object.entries(INPUTS).map(([name, shape]) => g.input(name, 'f32', shape));
  for (const { step, picks } of steps) {
    let used = 0;
    const pick = (shape?: g.Shape): g.Tensor => {
      const fitting = shape === undefined ? pool : pool.filter((tensor) => g.sameShape(tensor.shape, shape));
      return fitting[picks[used++]! % fitting.length]!;
    };
    pool.push(STEPS[step]!(pool, pick));
  }
  return g.traceGraph(Object.fromEntries(pool.slice(-outputs).map((tensor, index) => [`y${index}`, tensor])));
}
