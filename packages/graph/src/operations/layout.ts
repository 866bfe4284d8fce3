import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import {
  broadcastShapes,
  formatShape,
  isFloat,
  normalizeAxis,
  sameShape,
  ShapeError,
  sizeOf,
  type Shape,
} from '../types.ts';

export const reshapeOperation = defineOperation<'reshape', { shape: Shape }>({
  name: 'reshape',
  type: ([x], { shape }) => {
    if (sizeOf(x!.shape) !== sizeOf(shape)) throw new ShapeError(`cannot become ${formatShape(shape)}`);
    return { dtype: x!.dtype, shape };
  },
  gradient: ({ inputs, outputGradient }) => [reshape(outputGradient, inputs[0]!.shape)],
});

/** Same elements in row-major order under another shape. */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : apply(reshapeOperation, [x], { shape });

export const transposeOperation = defineOperation<'transpose', { permutation: readonly number[] }>({
  name: 'transpose',
  type: ([x], { permutation }) => {
    const sorted = permutation.toSorted((a, b) => a - b);
    if (sorted.length !== x!.shape.length || sorted.some((axis, index) => axis !== index)) {
      throw new ShapeError(`${formatShape(permutation)} is not a permutation of its axes`);
    }
    return { dtype: x!.dtype, shape: permutation.map((axis) => x!.shape[axis]!) };
  },
  gradient: ({ attributes, outputGradient }) => {
    const inverse = new Array<number>(attributes.permutation.length);
    attributes.permutation.forEach((axis, index) => (inverse[axis] = index));
    return [transpose(outputGradient, inverse)];
  },
});

/** Axis i of the result is axis `permutation[i]` of x. */
export const transpose = (x: Tensor, permutation: readonly number[]): Tensor =>
  permutation.every((axis, index) => axis === index) && permutation.length === x.shape.length
    ? x
    : apply(transposeOperation, [x], { permutation });

export const broadcastOperation = defineOperation<'broadcast', { shape: Shape }>({
  name: 'broadcast',
  type: ([x], { shape }) => {
    if (!sameShape(broadcastShapes(x!.shape, shape), shape)) {
      throw new ShapeError(`cannot broadcast to ${formatShape(shape)}`);
    }
    return { dtype: x!.dtype, shape };
  },
  gradient: ({ inputs, outputGradient }) => [sumToShape(outputGradient, inputs[0]!.shape)],
});

/** Repeats x to `shape` by NumPy's rule (missing leading axes, extents of 1). */
export const broadcast = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : apply(broadcastOperation, [x], { shape });

export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Shape after reducing `axes` (sorted, non-negative). */
export const reducedShape = (shape: Shape, { axes, keepDims }: ReduceAttributes): number[] =>
  shape.flatMap((extent, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [extent]));

export function reduceAttributes(x: Tensor, axes: readonly number[] | undefined, keepDims: boolean): ReduceAttributes {
  const normalized = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => normalizeAxis(axis, x.shape.length));
  return { axes: [...new Set(normalized)].toSorted((a, b) => a - b), keepDims };
}

export const reduceSumOperation = defineOperation<'reduceSum', ReduceAttributes>({
  name: 'reduceSum',
  type: ([x], attributes) => {
    if (!isFloat(x!.dtype) && x!.dtype !== 'i32') throw new ShapeError('sums floats or integers');
    return { dtype: x!.dtype, shape: reducedShape(x!.shape, attributes) };
  },
  gradient: ({ inputs, attributes, outputGradient }) => {
    const { shape } = inputs[0]!;
    const kept = reducedShape(shape, { ...attributes, keepDims: true });
    return [broadcast(reshape(outputGradient, kept), shape)];
  },
});

/** Sum over `axes` (all of them when absent). */
export function reduceSum(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  const attributes = reduceAttributes(x, axes, keepDims);
  return attributes.axes.length === 0 ? x : apply(reduceSumOperation, [x], attributes);
}

/** Undoes broadcasting: sums x over the axes along which `shape` was repeated. */
export function sumToShape(x: Tensor, shape: Shape): Tensor {
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(reduceSum(x, axes, true), shape);
}
