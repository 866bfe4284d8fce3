import * as g from '@tether/graph';
import type { DType, Shape, Tensor } from '@tether/graph';
import { seeds, shapes, shapesTogether } from '../../arbitraries.ts';
import { makeCase, numbers, vector, type ElementKind, type OperationCases } from './cases.ts';
import type { BackendCase } from '../run.ts';

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;

const SHAPES: readonly Shape[] = [[], [1], [7], [2, 3], [1, 1, 1], [3, 1, 2], [2, 2, 1, 3], [2, 1, 3, 1, 2]];

/** Pairs that broadcast, each also the other way round. */
const SHAPE_PAIRS: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[3], []],
  [[1], [4]],
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [4, 1, 3],
    [2, 1],
  ],
  [
    [2, 3, 1, 2, 2],
    [3, 1, 1, 2],
  ],
  [
    [2, 1, 3, 1, 2],
    [1, 2, 1, 4, 1],
  ],
];

/** Numbers of every magnitude; an engine must not turn one into another. */
export const EXTREMES: readonly number[] = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1e-30,
  -1e-30,
  1e30,
  -1e30,
  3e38,
  -3e38,
  1,
  -1,
  0.5,
  -0.5,
];

const unarySpecial = (apply: Unary, elements: readonly number[], dtype: DType = 'f32'): BackendCase =>
  makeCase({ x: vector(dtype, ...elements) }, ({ x }) => apply(x!));

/** Every element with every other. */
function binarySpecial(apply: Binary, left: readonly number[], right = left, dtype: DType = 'f32'): BackendCase {
  const pairs = left.flatMap((a) => right.map((b) => [a, b] as const));
  const inputs = { a: vector(dtype, ...pairs.map(([a]) => a)), b: vector(dtype, ...pairs.map(([, b]) => b)) };
  return makeCase(inputs, (tensors) => apply(tensors['a']!, tensors['b']!));
}

interface UnaryOptions {
  readonly kinds?: readonly ElementKind[];
  readonly low?: number;
  readonly high?: number;
  readonly special?: readonly number[];
}

function unary(apply: Unary, { kinds = ['float'], low, high, special }: UnaryOptions = {}): OperationCases {
  const caseOf = (dtype: DType, shape: Shape, seed: number): BackendCase =>
    makeCase({ x: numbers(dtype, shape, seed, low, high) }, ({ x }) => apply(x!));
  return {
    kinds,
    fixed: (dtype) => SHAPES.map((shape, seed) => caseOf(dtype, shape, seed)),
    random: (dtype) => shapes({ most: 5 }).chain((shape) => seeds.map((seed) => caseOf(dtype, shape, seed))),
    ...(special === undefined ? {} : { special: [unarySpecial(apply, special)] }),
  };
}

interface BinaryOptions extends Omit<UnaryOptions, 'special'> {
  readonly special?: readonly BackendCase[];
}

function binary(apply: Binary, { kinds = ['float'], low, high, special }: BinaryOptions = {}): OperationCases {
  const caseOf = (dtype: DType, a: Shape, b: Shape, seed: number): BackendCase =>
    makeCase({ a: numbers(dtype, a, seed, low, high), b: numbers(dtype, b, seed + 1, low, high) }, (tensors) =>
      apply(tensors['a']!, tensors['b']!),
    );
  return {
    kinds,
    fixed: (dtype) =>
      SHAPE_PAIRS.flatMap(([a, b], seed) => [caseOf(dtype, a, b, seed), caseOf(dtype, b, a, seed + 100)]),
    random: (dtype) =>
      shapesTogether(2, { most: 5 }).chain(([a, b]) => seeds.map((seed) => caseOf(dtype, a!, b!, seed))),
    ...(special === undefined ? {} : { special }),
  };
}

/** Products and sums of these leave 32 bits. */
const WIDE_INTEGERS: readonly number[] = [2 ** 31 - 1, -(2 ** 31), -1, 0, 1, 46341, 123456789, -987654321];

const numeric = (apply: Binary): OperationCases =>
  binary(apply, {
    kinds: ['float', 'i32'],
    special: [binarySpecial(apply, EXTREMES), binarySpecial(apply, WIDE_INTEGERS, WIDE_INTEGERS, 'i32')],
  });

/** What C's and JavaScript's pow agree on: they differ for 1^NaN and 1^±∞. */
const POWERS = [
  binarySpecial(g.pow, [0, 0.5, 1, 2, 1e10, Infinity], [-2, -1, -0.5, 0, 0.5, 1, 2, 3]),
  binarySpecial(g.pow, [-2, -0.5], [-3, -1, 0, 1, 2, 3]),
];

const CONDITION_SHAPES: readonly (readonly [Shape, Shape, Shape])[] = [
  [[], [], []],
  [[], [3], [3]],
  [[2, 3], [], [3]],
  [[2, 1, 1, 4], [1, 2, 3, 1], []],
  [
    [2, 1, 3, 1, 2],
    [1, 2, 3, 2, 1],
    [2, 2, 1, 2, 2],
  ],
];

function selectCase(dtype: DType, [c, a, b]: readonly [Shape, Shape, Shape], seed: number): BackendCase {
  const inputs = { c: numbers('bool', c, seed), a: numbers(dtype, a, seed + 1), b: numbers(dtype, b, seed + 2) };
  return makeCase(inputs, (tensors) => g.select(tensors['c']!, tensors['a']!, tensors['b']!));
}

/** NaN and infinity on the side that is not chosen must not come through. */
const unchosen = makeCase(
  { c: vector('bool', 0, 1, 0, 1), a: vector('f32', NaN, 1, Infinity, 2), b: vector('f32', 3, NaN, 4, -Infinity) },
  (tensors) => g.select(tensors['c']!, tensors['a']!, tensors['b']!),
);

function castCase(from: DType, to: DType, shape: Shape, seed: number): BackendCase {
  return makeCase({ x: numbers(from, shape, seed) }, ({ x }) => g.cast(x!, to), `to ${to}`);
}

const castTargets = (from: DType): readonly DType[] => (['f32', 'i32', 'bool'] as const).filter((to) => to !== from);

export const elementwiseCases = {
  add: numeric(g.add),
  sub: numeric(g.sub),
  mul: numeric(g.mul),
  maximum: numeric(g.maximum),
  minimum: numeric(g.minimum),
  equal: numeric(g.equal),
  less: numeric(g.less),
  lessEqual: numeric(g.lessEqual),
  div: binary(g.div, { low: 0.5, special: [binarySpecial(g.div, EXTREMES)] }),
  pow: binary(g.pow, { low: 0.25, special: POWERS }),
  and: binary(g.and, { kinds: ['bool'] }),
  or: binary(g.or, { kinds: ['bool'] }),
  not: unary(g.not, { kinds: ['bool'] }),
  neg: unary(g.neg, { kinds: ['float', 'i32'], special: EXTREMES }),
  abs: unary(g.abs, { kinds: ['float', 'i32'], special: EXTREMES }),
  sign: unary(g.sign, { special: EXTREMES.filter((x) => !Number.isNaN(x)) }),
  floor: unary(g.floor, { special: [...EXTREMES, 2.5, -2.5, 8388609.5] }),
  exp: unary(g.exp, { low: -5, high: 5, special: [...EXTREMES, 88, -80, 200, -200] }),
  log: unary(g.log, { low: 0.01, high: 10, special: EXTREMES }),
  sqrt: unary(g.sqrt, { low: 0, high: 10, special: EXTREMES }),
  tanh: unary(g.tanh, { low: -4, high: 4, special: [...EXTREMES, 20, -20] }),
  sigmoid: unary(g.sigmoid, { low: -8, high: 8, special: [...EXTREMES, 30, -30] }),
  erf: unary(g.erf, { low: -4, high: 4, special: [...EXTREMES, 6, -6] }),
  sin: unary(g.sin, { low: -7, high: 7, special: [NaN, Infinity, -Infinity, 0, 1e-30, 512, -512] }),
  cos: unary(g.cos, { low: -7, high: 7, special: [NaN, Infinity, -Infinity, 0, 1e-30, 512, -512] }),
  select: {
    kinds: ['float', 'i32', 'bool'],
    fixed: (dtype) => CONDITION_SHAPES.map((three, seed) => selectCase(dtype, three, seed)),
    random: (dtype) =>
      shapesTogether(3, { most: 5 }).chain(([c, a, b]) => seeds.map((seed) => selectCase(dtype, [c!, a!, b!], seed))),
    special: [unchosen],
  },
  cast: {
    kinds: ['float', 'i32', 'bool'],
    fixed: (dtype) => castTargets(dtype).flatMap((to) => SHAPES.map((shape, seed) => castCase(dtype, to, shape, seed))),
    random: (dtype) =>
      shapes({ most: 5 }).chain((shape) =>
        seeds.map((seed) => castCase(dtype, castTargets(dtype)[seed % castTargets(dtype).length]!, shape, seed)),
      ),
    special: [
      unarySpecial((x) => g.cast(x, 'i32'), [0, 0.99, -0.99, 1.5, -1.5, 2 ** 30, -(2 ** 30)]),
      unarySpecial((x) => g.cast(x, 'bool'), EXTREMES),
      unarySpecial((x) => g.cast(x, 'f32'), [2 ** 24, -(2 ** 24), 16777217, 2 ** 31 - 1], 'i32'),
    ],
  },
} as const satisfies Readonly<Record<string, OperationCases>>;
