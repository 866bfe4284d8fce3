import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import { formatShape, normalizeAxis, ShapeError, sizeOf, type DType, type Shape } from '../types.ts';

export const inputOperation = defineOperation<'input', { name: string; dtype: DType; shape: Shape }>({
  name: 'input',
  type: (_, { dtype, shape }) => ({ dtype, shape }),
  gradient: 'none',
});

/** A value fed at run time. Names are unique within a graph. */
export const input = (name: string, dtype: DType, shape: Shape): Tensor =>
  apply(inputOperation, [], { name, dtype, shape });

export const constantOperation = defineOperation<'constant', { data: ArrayLike<number>; dtype: DType; shape: Shape }>({
  name: 'constant',
  type: (_, { data, dtype, shape }) => {
    if (data.length !== sizeOf(shape) && data.length !== 1) {
      throw new ShapeError(`${data.length} values do not fill ${formatShape(shape)}`);
    }
    return { dtype, shape };
  },
  gradient: 'none',
});

/**
 * A value known when the graph is built. One number stands for every element of `shape`; values are kept in float64
 * and rounded by the backend. Booleans are 0 and 1.
 */
export const constant = (data: number | ArrayLike<number>, dtype: DType = 'f32', shape: Shape = []): Tensor =>
  apply(constantOperation, [], { data: typeof data === 'number' ? [data] : data, dtype, shape });

/** The number that every element of a constant has, or undefined. */
export function splatValue(tensor: Tensor): number | undefined {
  if (tensor.operation.name !== 'constant') return undefined;
  const data = tensor.attributes['data'] as ArrayLike<number>; // by `constantOperation`
  return data.length === 1 ? data[0] : undefined;
}

export const iotaOperation = defineOperation<'iota', { shape: Shape; axis: number }>({
  name: 'iota',
  type: (_, { shape, axis }) => {
    normalizeAxis(axis, shape.length);
    return { dtype: 'i32', shape };
  },
  gradient: 'none',
});

/** i32 tensor whose elements are their index along `axis`. */
export const iota = (shape: Shape, axis: number): Tensor =>
  apply(iotaOperation, [], { shape, axis: normalizeAxis(axis, shape.length) });

export const randomBitsOperation = defineOperation<'randomBits', { shape: Shape; stream: number }>({
  name: 'randomBits',
  type: ([seed], { shape }) => {
    if (seed?.dtype !== 'i32' || seed.shape.length !== 0) throw new ShapeError('the seed is a scalar i32');
    return { dtype: 'i32', shape };
  },
  gradient: 'none',
});

/**
 * Counter-based random integers in [0, 2^24), a pure function of (seed, stream, flat element index): the same bits on
 * every backend. See `randomWord` for the exact function.
 *
 * @param seed   scalar i32, fed per step
 * @param stream a number that tells this draw from every other draw of the graph
 */
export const randomBits = (seed: Tensor, shape: Shape, stream: number): Tensor =>
  apply(randomBitsOperation, [seed], { shape, stream });

/** One round of a 32-bit integer mixer: xor-shift, multiply, twice over, on the wrapped integers. */
export function mixWord(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b | 0);
  return (mixed ^ (mixed >>> 16)) | 0;
}

/** The scalar meaning of `randomBits`: mix(mix(counter + mix(seed)) + mix(stream + golden ratio)) >>> 8. */
export function randomWord(seed: number, stream: number, counter: number): number {
  return mixWord((mixWord((counter + mixWord(seed)) | 0) + mixWord((stream + 0x9e3779b9) | 0)) | 0) >>> 8;
}
