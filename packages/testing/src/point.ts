import { hostTensor, type HostArray, type HostTensor } from '@tether/core';
import {
  bfloat16Bits,
  bfloat16FromBits,
  float16Bits,
  float16FromBits,
  input,
  roundToBfloat16,
  roundToFloat16,
  sizeOf,
  uniformNumbers,
  type DType,
  type Shape,
  type Tensor,
  type TensorType,
} from '@tether/graph';

/** A tensor of plain numbers, whatever its type: booleans are 0 and 1. */
export interface Point extends TensorType {
  readonly data: ArrayLike<number>;
}

export type Points = Readonly<Record<string, Point>>;
export type Tensors = Readonly<Record<string, Tensor>>;

/** The nearest number that a backend can hold. Here f32 is really float32, not the interpreter's float64. */
export const roundOnDevice: Readonly<Record<DType, (x: number) => number>> = {
  f32: Math.fround,
  bf16: roundToBfloat16,
  f16: roundToFloat16,
  i32: (x) => x | 0,
  bool: (x) => (x === 0 ? 0 : 1),
};

export const makePoint = (dtype: DType, shape: Shape, numbers: ArrayLike<number>): Point => ({
  dtype,
  shape,
  data: Float64Array.from(numbers, roundOnDevice[dtype]),
});

/** Random numbers in [low, high), as the type holds them. */
export const randomPoint = (dtype: DType, shape: Shape, seed: number, low = -2, high = 2): Point =>
  makePoint(dtype, shape, uniformNumbers(sizeOf(shape), seed, low, high));

/** Random integers in [low, high). */
export const randomIntegers = (shape: Shape, seed: number, low: number, high: number): Point =>
  makePoint('i32', shape, uniformNumbers(sizeOf(shape), seed, low, high).map(Math.floor));

/** Random truth values. */
export const randomBooleans = (shape: Shape, seed: number): Point =>
  makePoint('bool', shape, uniformNumbers(sizeOf(shape), seed, 0, 2).map(Math.floor));

/** Symbolic inputs named and typed like the points. */
export const inputsOf = (points: Points): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(points).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]));

export const numbersByName = (points: Points): Record<string, ArrayLike<number>> =>
  Object.fromEntries(Object.entries(points).map(([name, { data }]) => [name, data]));

const TO_HOST: Readonly<Record<DType, (data: ArrayLike<number>) => HostArray>> = {
  f32: (data) => Float32Array.from(data),
  bf16: (data) => Uint16Array.from(data, bfloat16Bits),
  f16: (data) => Uint16Array.from(data, float16Bits),
  i32: (data) => Int32Array.from(data),
  bool: (data) => Uint8Array.from(data),
};

/** As a backend takes it. */
export const toHost = ({ dtype, shape, data }: Point): HostTensor => hostTensor(dtype, shape, TO_HOST[dtype](data));

/** As plain numbers. */
export function fromHost({ dtype, shape, data }: HostTensor): Point {
  if (dtype === 'bf16') return { dtype, shape, data: Float64Array.from(data, bfloat16FromBits) };
  if (dtype === 'f16') return { dtype, shape, data: Float64Array.from(data, float16FromBits) };
  return { dtype, shape, data };
}
