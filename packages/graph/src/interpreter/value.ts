import { represent } from '../numbers.ts';
import { sizeOf, type DType, type Shape, type TensorType } from '../types.ts';

/** Elements in float64 whatever their type: it holds every f32, i32 (wrapped around) and bool (0 and 1) exactly. */
export type Numbers = Float64Array;

/** A tensor of the interpreter, row-major. Never written to once made: values may share their elements. */
export interface Value extends TensorType {
  readonly data: Numbers;
}

/** Zeros. */
export const allocate = (shape: Shape): Numbers => new Float64Array(sizeOf(shape));

/** Turns each element, in place, into what its type can hold; see `represent`. */
export function hold(dtype: DType, data: Numbers): Numbers {
  if (dtype === 'f32') return data;
  const nearest = represent[dtype];
  for (let i = 0; i < data.length; i++) data[i] = nearest(data[i]!);
  return data;
}

/** Elements from any numbers, as `dtype` holds them. Takes over a Float64Array of an f32. */
export const numbersOf = (dtype: DType, values: ArrayLike<number>): Numbers =>
  dtype === 'f32' && values instanceof Float64Array ? values : hold(dtype, Float64Array.from(values));

/** Strides that read a tensor of `shape` as if broadcast to `target`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = new Array<number>(target.length).fill(0);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) strides[axis + target.length - shape.length] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/**
 * Visits the rows (last axis) of `shape` in order, for operands with strides of their own.
 *
 * @param visit gets the offset of the row's first element in each operand, and the row's length
 */
export function forEachRow(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (offsets: readonly number[], length: number) => void,
): void {
  const last = shape.length - 1;
  const length = last < 0 ? 1 : shape[last]!;
  const offsets = strides.map(() => 0);
  const index = new Array<number>(Math.max(0, last)).fill(0);
  for (;;) {
    visit(offsets, length);
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      index[axis]!++;
      strides.forEach((steps, operand) => (offsets[operand]! += steps[axis]!));
      if (index[axis]! < shape[axis]!) break;
      strides.forEach((steps, operand) => (offsets[operand]! -= steps[axis]! * shape[axis]!));
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** The stride of the last axis; 0 for scalars. */
export const lastStep = (strides: readonly number[]): number => strides.at(-1) ?? 0;
