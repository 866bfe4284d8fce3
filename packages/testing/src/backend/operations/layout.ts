import * as g from '@tether/graph';
import type { DType, Shape } from '@tether/graph';
import fc from 'fast-check';
import { permutations, seeds, shapes, shapesTogether } from '../../arbitraries.ts';
import { makeCase, numbers, vector, type ElementKind, type OperationCases } from './cases.ts';
import type { BackendCase } from '../run.ts';

const ANY: readonly ElementKind[] = ['float', 'i32', 'bool'];

const reshapeCase = (dtype: DType, from: Shape, to: Shape, seed: number): BackendCase =>
  makeCase({ x: numbers(dtype, from, seed) }, ({ x }) => g.reshape(x!, to), `to ${g.formatShape(to)}`);

const RESHAPES: readonly (readonly [Shape, Shape])[] = [
  [[], [1]],
  [[1, 1], []],
  [[6], [2, 3]],
  [
    [2, 3, 4],
    [4, 6],
  ],
  [
    [2, 1, 6],
    [3, 2, 1, 2, 1],
  ],
];

const transposeCase = (dtype: DType, shape: Shape, permutation: readonly number[], seed: number): BackendCase =>
  makeCase(
    { x: numbers(dtype, shape, seed) },
    ({ x }) => g.transpose(x!, permutation),
    `by ${g.formatShape(permutation)}`,
  );

const TRANSPOSES: readonly (readonly [Shape, readonly number[]])[] = [
  [
    [3, 4],
    [1, 0],
  ],
  [
    [1, 5],
    [1, 0],
  ],
  [
    [2, 3, 4],
    [2, 0, 1],
  ],
  [
    [2, 3, 4, 2],
    [0, 2, 1, 3],
  ],
  [
    [2, 1, 3, 2, 2],
    [4, 2, 0, 3, 1],
  ],
];

const broadcastCase = (dtype: DType, from: Shape, to: Shape, seed: number): BackendCase =>
  makeCase({ x: numbers(dtype, from, seed) }, ({ x }) => g.broadcast(x!, to), `to ${g.formatShape(to)}`);

const BROADCASTS: readonly (readonly [Shape, Shape])[] = [
  [[], [2, 3]],
  [[1], [1]],
  [[3], [2, 3]],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [1, 2, 1],
    [3, 2, 4],
  ],
  [
    [2, 1, 1],
    [2, 3, 2, 1, 2],
  ],
];

interface Range {
  readonly start: number;
  readonly limit: number;
}

const sliceCase = (dtype: DType, shape: Shape, ranges: readonly Range[], seed: number): BackendCase =>
  makeCase(
    { x: numbers(dtype, shape, seed) },
    ({ x }) =>
      g.slice(
        x!,
        ranges.map(({ start }) => start),
        ranges.map(({ limit }) => limit),
      ),
    ranges.map(({ start, limit }) => `${start}:${limit}`).join(' '),
  );

const rangeWithin = (extent: number): fc.Arbitrary<Range> =>
  fc
    .tuple(fc.nat(extent - 1), fc.nat(extent - 1))
    .map(([a, b]) => ({ start: Math.min(a, b), limit: Math.max(a, b) + 1 }));

const range = (start: number, limit: number): Range => ({ start, limit });

const SLICES: readonly (readonly [Shape, readonly Range[]])[] = [
  [[], []],
  [[5], [range(1, 4)]],
  [
    [3, 4],
    [range(0, 3), range(3, 4)],
  ],
  [
    [2, 3, 4],
    [range(1, 2), range(0, 2), range(1, 3)],
  ],
  [
    [2, 2, 3, 2, 2],
    [range(0, 1), range(1, 2), range(1, 3), range(0, 2), range(1, 2)],
  ],
];

const padCase = (
  dtype: DType,
  shape: Shape,
  low: readonly number[],
  high: readonly number[],
  seed: number,
): BackendCase =>
  makeCase(
    { x: numbers(dtype, shape, seed) },
    ({ x }) => g.pad(x!, low, high, dtype === 'bool' ? 1 : -3),
    `by ${g.formatShape(low)} and ${g.formatShape(high)}`,
  );

const PADS: readonly (readonly [Shape, readonly number[], readonly number[]])[] = [
  [[], [], []],
  [[2], [1], [0]],
  [[2], [0], [3]],
  [
    [2, 3],
    [1, 0],
    [0, 2],
  ],
  [
    [1, 2, 1, 2, 1],
    [0, 1, 2, 0, 1],
    [1, 0, 0, 2, 1],
  ],
];

function concatCase(dtype: DType, shape: Shape, axis: number, extents: readonly number[], seed: number): BackendCase {
  const parts = extents.map((extent, part) => [`x${part}`, numbers(dtype, shape.with(axis, extent), seed + part)]);
  return makeCase(
    Object.fromEntries(parts) as BackendCase['inputs'],
    (tensors) => g.concat(Object.values(tensors), axis),
    `axis ${axis}`,
  );
}

const CONCATS: readonly (readonly [Shape, number, readonly number[]])[] = [
  [[1], 0, [2, 1]],
  [[2, 3], 0, [1, 2, 3]],
  [[2, 3], 1, [4, 1]],
  [[2, 1, 3, 1, 2], 2, [1, 2, 1, 1]],
];

/** One value used twice by the same operation. */
const doubled = makeCase({ x: vector('f32', 1, 2, 3) }, ({ x }) => g.concat([x!, x!], 0), 'the same input twice');

export const layoutCases = {
  reshape: {
    kinds: ANY,
    fixed: (dtype) => RESHAPES.map(([from, to], seed) => reshapeCase(dtype, from, to, seed)),
    random: (dtype) =>
      fc.tuple(shapes({ most: 5 }), seeds).chain(([shape, seed]) =>
        permutations(shape.length).map((order) =>
          reshapeCase(
            dtype,
            shape,
            order.map((axis) => shape[axis]!),
            seed,
          ),
        ),
      ),
  },
  transpose: {
    kinds: ANY,
    fixed: (dtype) => TRANSPOSES.map(([shape, permutation], seed) => transposeCase(dtype, shape, permutation, seed)),
    random: (dtype) =>
      fc
        .tuple(shapes({ most: 5 }), seeds)
        .chain(([shape, seed]) =>
          permutations(shape.length).map((permutation) => transposeCase(dtype, shape, permutation, seed)),
        ),
  },
  broadcast: {
    kinds: ANY,
    fixed: (dtype) => BROADCASTS.map(([from, to], seed) => broadcastCase(dtype, from, to, seed)),
    random: (dtype) =>
      fc
        .tuple(shapesTogether(2, { most: 5 }), seeds)
        .map(([[a, b], seed]) => broadcastCase(dtype, a!, g.broadcastShapes(a!, b!), seed)),
  },
  slice: {
    kinds: ANY,
    fixed: (dtype) => SLICES.map(([shape, ranges], seed) => sliceCase(dtype, shape, ranges, seed)),
    random: (dtype) =>
      fc
        .tuple(shapes({ most: 5 }), seeds)
        .chain(([shape, seed]) =>
          fc.tuple(...shape.map(rangeWithin)).map((ranges) => sliceCase(dtype, shape, ranges, seed)),
        ),
  },
  pad: {
    kinds: ANY,
    fixed: (dtype) => PADS.map(([shape, low, high], seed) => padCase(dtype, shape, low, high, seed)),
    random: (dtype) =>
      fc.tuple(shapes(), seeds).chain(([shape, seed]) => {
        const widths = fc.array(fc.nat(2), { minLength: shape.length, maxLength: shape.length });
        return fc.tuple(widths, widths).map(([low, high]) => padCase(dtype, shape, low, high, seed));
      }),
  },
  concat: {
    kinds: ANY,
    fixed: (dtype) => CONCATS.map(([shape, axis, extents], seed) => concatCase(dtype, shape, axis, extents, seed)),
    random: (dtype) =>
      fc
        .tuple(shapes({ least: 1 }), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }), seeds)
        .chain(([shape, extents, seed]) =>
          fc.nat(shape.length - 1).map((axis) => concatCase(dtype, shape, axis, extents, seed)),
        ),
    special: [doubled],
  },
} as const satisfies Readonly<Record<string, OperationCases>>;
