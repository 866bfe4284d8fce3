/** Element types. The reference backend computes f32, bf16 and f16 in float64. */
export const DTYPES = ['f32', 'bf16', 'f16', 'i32', 'bool'] as const;
export type DType = (typeof DTYPES)[number];
export type Shape = readonly number[];

/** Static type of a tensor. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A graph that cannot be built: which operation, which shapes, what was expected. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

export const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'bf16' || dtype === 'f16';

/** Number of elements. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;
export const formatType = (type: TensorType): string => `${type.dtype}${formatShape(type.shape)}`;

/** NumPy's broadcasting rule for any number of shapes. Throws ShapeError where extents differ and none is 1. */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((extent, axis) => {
      const target = axis + rank - shape.length;
      if (extent === 1 || extent === result[target]) return;
      if (result[target] !== 1) throw new ShapeError(`cannot broadcast ${shapes.map(formatShape).join(' with ')}`);
      result[target] = extent;
    });
  }
  return result;
}

/** Turns negative axes into positive ones; throws ShapeError where out of range. */
export function normalizeAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank) {
    throw new ShapeError(`axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return positive;
}
