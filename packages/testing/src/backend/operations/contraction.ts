import * as g from '@tether/graph';
import type { DType, Shape, Tensor } from '@tether/graph';
import fc from 'fast-check';
import { seeds, shapes } from '../../arbitraries.ts';
import { randomIntegers } from '../../point.ts';
import { makeCase, numbers, vector, type ElementKind, type OperationCases } from './cases.ts';
import type { BackendCase } from '../run.ts';

interface Product {
  readonly batch: Shape;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function matmulCase(dtype: DType, { batch, m, k, n, transposeA, transposeB }: Product, seed: number): BackendCase {
  const a = numbers(dtype, [...batch, ...(transposeA ? [k, m] : [m, k])], seed, -1, 1);
  const b = numbers(dtype, [...batch, ...(transposeB ? [n, k] : [k, n])], seed + 1, -1, 1);
  return makeCase(
    { a, b },
    (tensors) => g.matmul(tensors['a']!, tensors['b']!, { transposeA, transposeB }),
    `transposeA=${transposeA}, transposeB=${transposeB}`,
  );
}

const SIZES: readonly Omit<Product, 'transposeA' | 'transposeB'>[] = [
  { batch: [], m: 1, k: 1, n: 1 },
  { batch: [], m: 2, k: 3, n: 4 },
  { batch: [], m: 1, k: 5, n: 1 },
  { batch: [], m: 33, k: 65, n: 17 },
  { batch: [1], m: 2, k: 1, n: 3 },
  { batch: [2, 3], m: 3, k: 2, n: 2 },
  { batch: [2, 1, 2], m: 2, k: 4, n: 3 },
];

const FLAGS = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));

const matmulCases: OperationCases = {
  kinds: ['float'],
  fixed: (dtype) => SIZES.flatMap((size, seed) => FLAGS.map((flags) => matmulCase(dtype, { ...size, ...flags }, seed))),
  random: (dtype) =>
    fc
      .tuple(shapes({ most: 3, extent: 3 }), shapes({ least: 3, most: 3, extent: 9 }), fc.constantFrom(...FLAGS), seeds)
      .map(([batch, [m, k, n], flags, seed]) => matmulCase(dtype, { batch, m: m!, k: k!, n: n!, ...flags }, seed)),
};

type Reduce = (x: Tensor, axes: readonly number[], keepDims: boolean) => Tensor;

function reduceCase(
  reduce: Reduce,
  dtype: DType,
  shape: Shape,
  axes: readonly number[],
  keepDims: boolean,
  seed: number,
) {
  return makeCase(
    { x: numbers(dtype, shape, seed) },
    ({ x }) => reduce(x!, axes, keepDims),
    `axes ${g.formatShape(axes)}${keepDims ? ' kept' : ''}`,
  );
}

const REDUCTIONS: readonly (readonly [Shape, readonly number[]])[] = [
  [[], []],
  [[1], [0]],
  [[6], [0]],
  [[3, 4], [1]],
  [[3, 4], [0]],
  [
    [3, 4],
    [0, 1],
  ],
  [[2, 1, 3], [1]],
  [
    [2, 3, 2, 3, 2],
    [0, 2, 4],
  ],
];

const reduction = (reduce: Reduce, special: readonly BackendCase[] = []): OperationCases => ({
  kinds: ['float', 'i32'],
  fixed: (dtype) =>
    REDUCTIONS.flatMap(([shape, axes], seed) =>
      [false, true].map((keep) => reduceCase(reduce, dtype, shape, axes, keep, seed)),
    ),
  random: (dtype) =>
    fc
      .tuple(shapes({ most: 5, extent: 3 }), fc.boolean(), seeds)
      .chain(([shape, keep, seed]) =>
        fc.subarray([...shape.keys()]).map((axes) => reduceCase(reduce, dtype, shape, axes, keep, seed)),
      ),
  special,
});

const argMaxCase = (dtype: DType, shape: Shape, axis: number, seed: number): BackendCase =>
  makeCase({ x: numbers(dtype, shape, seed) }, ({ x }) => g.argMax(x!, axis), `axis ${axis}`);

const NUMBERS: readonly ElementKind[] = ['float', 'i32'];

/** A table and indices into it, many of them equal. */
function gatherCase(dtype: DType, table: Shape, at: Shape, seed: number): BackendCase {
  const inputs = { table: numbers(dtype, table, seed), at: randomIntegers(at, seed + 1, 0, table[0]!) };
  return makeCase(inputs, (tensors) => g.gather(tensors['table']!, tensors['at']!));
}

function scatterAddCase(dtype: DType, at: Shape, row: Shape, size: number, seed: number): BackendCase {
  const inputs = { updates: numbers(dtype, [...at, ...row], seed), at: randomIntegers(at, seed + 1, 0, size) };
  return makeCase(inputs, (tensors) => g.scatterAdd(tensors['updates']!, tensors['at']!, size), `size ${size}`);
}

const LOOKUPS: readonly (readonly [table: Shape, at: Shape])[] = [
  [[1], []],
  [[4], [3]],
  [[3, 2], []],
  [
    [3, 2],
    [2, 4],
  ],
  [
    [2, 3, 1, 2],
    [2, 1, 3],
  ],
];

export const contractionCases = {
  matmul: matmulCases,
  reduceSum: reduction(g.reduceSum, [
    makeCase({ x: vector('f32', 1, Infinity, 2) }, ({ x }) => g.reduceSum(x!), 'infinite'),
    makeCase({ x: vector('f32', 1, NaN, 2) }, ({ x }) => g.reduceSum(x!), 'undefined'),
  ]),
  reduceMax: reduction(g.reduceMax, [
    makeCase({ x: vector('f32', -Infinity, -Infinity) }, ({ x }) => g.reduceMax(x!), '−∞ only'),
    makeCase({ x: vector('f32', -3e38, Infinity, 3e38) }, ({ x }) => g.reduceMax(x!), 'infinite'),
    makeCase({ x: vector('i32', -(2 ** 31), -(2 ** 31)) }, ({ x }) => g.reduceMax(x!), 'smallest integers'),
  ]),
  argMax: {
    kinds: NUMBERS,
    fixed: (dtype) =>
      [[1], [5], [3, 4], [2, 1, 3], [2, 3, 2, 2, 3]].flatMap((shape, seed) =>
        shape.map((_, axis) => argMaxCase(dtype, shape, axis, seed)),
      ),
    random: (dtype) =>
      fc
        .tuple(shapes({ least: 1, most: 5, extent: 3 }), seeds)
        .chain(([shape, seed]) => fc.nat(shape.length - 1).map((axis) => argMaxCase(dtype, shape, axis, seed))),
    special: [makeCase({ x: vector('f32', 1, 7, 7, 3, 7) }, ({ x }) => g.argMax(x!, 0), 'ties: the first')],
  },
  gather: {
    kinds: ['float', 'i32', 'bool'],
    fixed: (dtype) => LOOKUPS.map(([table, at], seed) => gatherCase(dtype, table, at, seed)),
    random: (dtype) =>
      fc
        .tuple(shapes({ least: 1 }), shapes({ most: 3 }), seeds)
        .map(([table, at, seed]) => gatherCase(dtype, table, at, seed)),
  },
  scatterAdd: {
    kinds: ['float'],
    fixed: (dtype) => [
      ...LOOKUPS.map(([[size, ...row], at], seed) => scatterAddCase(dtype, at, row, size!, seed)),
      scatterAddCase(dtype, [2], [3], 9, 50), // most rows stay 0
      scatterAddCase(dtype, [12], [2], 1, 51), // every index the same
    ],
    random: (dtype) =>
      fc
        .tuple(shapes({ most: 3 }), shapes({ most: 2 }), fc.integer({ min: 1, max: 4 }), seeds)
        .map(([at, row, size, seed]) => scatterAddCase(dtype, at, row, size, seed)),
  },
} as const satisfies Readonly<Record<string, OperationCases>>;
