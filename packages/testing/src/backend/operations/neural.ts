import * as g from '@tether/graph';
import type { DType, Shape, Tensor } from '@tether/graph';
import fc from 'fast-check';
import { seeds, shapes } from '../../arbitraries.ts';
import { makePoint } from '../../point.ts';
import { makeCase, numbers, vector, type OperationCases } from './cases.ts';
import type { BackendCase } from '../run.ts';

const SHAPES: readonly Shape[] = [[1], [5], [2, 3], [1, 1, 4], [2, 3, 1], [2, 1, 2, 1, 6]];

type Normalize = (x: Tensor, ...parameters: Tensor[]) => Tensor;

/** Operations on the last axis, with parameters of its size. */
function alongLast(
  apply: Normalize,
  parameterNames: readonly string[],
  special: readonly BackendCase[],
): OperationCases {
  const caseOf = (dtype: DType, shape: Shape, seed: number): BackendCase => {
    const parameters = parameterNames.map((name, index) => [name, numbers(dtype, shape.slice(-1), seed + 1 + index)]);
    const inputs = { x: numbers(dtype, shape, seed), ...Object.fromEntries(parameters) } as BackendCase['inputs'];
    return makeCase(inputs, ({ x, ...rest }) => apply(x!, ...parameterNames.map((name) => rest[name]!)));
  };
  return {
    kinds: ['float'],
    fixed: (dtype) => SHAPES.map((shape, seed) => caseOf(dtype, shape, seed)),
    random: (dtype) =>
      fc.tuple(shapes({ least: 1, most: 5 }), seeds).map(([shape, seed]) => caseOf(dtype, shape, seed)),
    special,
  };
}

const rowCase = (apply: (x: Tensor) => Tensor, note: string, ...elements: number[]): BackendCase =>
  makeCase({ x: vector('f32', ...elements) }, ({ x }) => apply(x!), note);

const ones = (size: number): Tensor => g.constant(1, 'f32', [size]);
const EPSILON = 1e-5;

const constantRow = makePoint('f32', [2, 3], [0, 0, 0, 5, 5, 5]);

export const neuralCases = {
  softmax: alongLast(
    g.softmax,
    [],
    [
      rowCase(g.softmax, 'large', 1e4, 1e4 - 1, -1e4),
      rowCase(g.softmax, 'masked with −1e9', 1, 2, -1e9, -1e9),
      rowCase(g.softmax, 'masked with −∞', 1, 2, -Infinity),
      rowCase(g.softmax, 'undefined', 1, NaN),
    ],
  ),
  silu: alongLast(g.silu, [], [rowCase(g.silu, 'far out', -50, 50, -1e4, 1e4, 0)]),
  gelu: alongLast(g.gelu, [], [rowCase(g.gelu, 'far out', -50, 50, -1e4, 1e4, 0)]),
  rmsNorm: alongLast(
    (x, weight) => g.rmsNorm(x, weight, EPSILON),
    ['weight'],
    [
      rowCase((x) => g.rmsNorm(x, ones(3), EPSILON), 'zeros', 0, 0, 0),
      rowCase((x) => g.rmsNorm(x, ones(3), EPSILON), 'large', 1e6, -2e6, 3e6),
    ],
  ),
  layerNorm: alongLast(
    (x, weight, bias) => g.layerNorm(x, weight, bias, EPSILON),
    ['weight', 'bias'],
    [makeCase({ x: constantRow }, ({ x }) => g.layerNorm(x!, ones(3), ones(3), EPSILON), 'rows without variance')],
  ),
} as const satisfies Readonly<Record<string, OperationCases>>;
