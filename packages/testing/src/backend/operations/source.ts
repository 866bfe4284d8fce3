import * as g from '@tether/graph';
import type { DType, Shape } from '@tether/graph';
import fc from 'fast-check';
import { seeds, shapes } from '../../arbitraries.ts';
import { makePoint } from '../../point.ts';
import { makeCase, numbers, vector, type OperationCases } from './cases.ts';
import type { BackendCase } from '../run.ts';

/** A constant that is an output by itself, given element by element or by one number for all. */
function constantCase(dtype: DType, shape: Shape, seed: number): BackendCase {
  const { data } = numbers(dtype, shape, seed);
  const isSplat = seed % 2 === 0;
  const note = `${dtype}${g.formatShape(shape)}${isSplat ? ', one number' : ''}`;
  return makeCase({}, () => g.constant(isSplat ? data[0]! : data, dtype, shape), note);
}

const iotaCase = (shape: Shape, axis: number): BackendCase =>
  makeCase({}, () => g.iota(shape, axis), `${g.formatShape(shape)} along ${axis}`);

const randomBitsCase = (shape: Shape, seed: number, stream: number): BackendCase =>
  makeCase(
    { seed: makePoint('i32', [], [seed]) },
    (tensors) => g.randomBits(tensors['seed']!, shape, stream),
    `${g.formatShape(shape)}, seed ${seed}, stream ${stream}`,
  );

const barrierCase = (dtype: DType, shape: Shape, seed: number): BackendCase =>
  makeCase({ x: numbers(dtype, shape, seed), after: numbers('f32', [2], seed + 1) }, ({ x, after }) =>
    g.barrier(x!, after!),
  );

const SOME_SHAPES: readonly Shape[] = [[], [1], [5], [2, 3], [2, 1, 3, 1, 2]];

const WORDS = [0, 1, -1, 42, 2 ** 31 - 1, -(2 ** 31), 123456789, -987654321] as const;

export const sourceCases = {
  constant: {
    kinds: ['float', 'i32', 'bool'],
    fixed: (dtype) =>
      SOME_SHAPES.flatMap((shape, seed) => [
        constantCase(dtype, shape, 2 * seed),
        constantCase(dtype, shape, 2 * seed + 1),
      ]),
    random: (dtype) => fc.tuple(shapes({ most: 5 }), seeds).map(([shape, seed]) => constantCase(dtype, shape, seed)),
    special: [
      makeCase({}, () => g.constant([NaN, Infinity, -Infinity, 1e30, 1e-30], 'f32', [5]), 'extremes'),
      makeCase({}, () => g.constant([2 ** 31 - 1, -(2 ** 31)], 'i32', [2]), 'wide integers'),
    ],
  },
  iota: {
    kinds: ['i32'],
    fixed: () => SOME_SHAPES.flatMap((shape) => shape.map((_, axis) => iotaCase(shape, axis))),
    random: () =>
      shapes({ least: 1, most: 5 }).chain((shape) => fc.nat(shape.length - 1).map((axis) => iotaCase(shape, axis))),
  },
  randomBits: {
    kinds: ['i32'],
    fixed: () =>
      WORDS.flatMap((seed, index) => [
        randomBitsCase(SOME_SHAPES[index % SOME_SHAPES.length]!, seed, 0),
        randomBitsCase([17], seed, WORDS[(index + 3) % WORDS.length]!),
      ]),
    random: () =>
      fc
        .tuple(shapes({ most: 3 }), fc.integer(), fc.integer())
        .map(([shape, seed, stream]) => randomBitsCase(shape, seed, stream)),
  },
  barrier: {
    kinds: ['float', 'i32', 'bool'],
    fixed: (dtype) => SOME_SHAPES.map((shape, seed) => barrierCase(dtype, shape, seed)),
    random: (dtype) => fc.tuple(shapes(), seeds).map(([shape, seed]) => barrierCase(dtype, shape, seed)),
    special: [makeCase({ x: vector('f32', 1, 2) }, ({ x }) => g.barrier(g.exp(x!), g.exp(x!)), 'behind its own value')],
  },
} as const satisfies Readonly<Record<string, OperationCases>>;
