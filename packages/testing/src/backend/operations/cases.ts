import { formatType, type DType, type Shape, type Tensor } from '@tether/graph';
import type fc from 'fast-check';
import {
  makePoint,
  randomBooleans,
  randomIntegers,
  randomPoint,
  type Point,
  type Points,
  type Tensors,
} from '../../point.ts';
import type { BackendCase } from '../run.ts';

/** Element types that an operation takes: `float` is f32 and whatever other floats a backend wants to be tested with. */
export type ElementKind = 'float' | 'i32' | 'bool';

/** How one operation is tested. */
export interface OperationCases {
  readonly kinds: readonly ElementKind[];
  /** Chosen shapes: scalars, extents of 1, high ranks, broadcasting. */
  fixed(dtype: DType): readonly BackendCase[];
  /** Random shapes. */
  random(dtype: DType): fc.Arbitrary<BackendCase>;
  /** Huge, tiny, infinite and undefined numbers, in f32 or i32, where their result is defined. */
  readonly special?: readonly BackendCase[];
}

export function makeCase(inputs: Points, build: (tensors: Tensors) => Tensor, note = ''): BackendCase {
  const label = Object.entries(inputs).map(([name, point]) => `${name}: ${formatType(point)}`);
  return { label: [...label, ...(note === '' ? [] : [note])].join(', '), inputs, build };
}

/** Random numbers of a type: of [low, high) if floats, of [−5, 5) if integers. */
export function numbers(dtype: DType, shape: Shape, seed: number, low = -2, high = 2): Point {
  if (dtype === 'bool') return randomBooleans(shape, seed);
  return dtype === 'i32' ? randomIntegers(shape, seed, -5, 5) : randomPoint(dtype, shape, seed, low, high);
}

export const vector = (dtype: DType, ...elements: number[]): Point => makePoint(dtype, [elements.length], elements);
