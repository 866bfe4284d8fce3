import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import { normalizeAxis, ShapeError } from '../types.ts';
import { cast, div, equal, mul } from './elementwise.ts';
import { reduceAttributes, reducedShape, reduceSum, reshape, type ReduceAttributes } from './layout.ts';

export const reduceMaxOperation = defineOperation<'reduceMax', ReduceAttributes>({
  name: 'reduceMax',
  type: ([x], attributes) => {
    if (x!.dtype === 'bool') throw new ShapeError('takes numbers');
    return { dtype: x!.dtype, shape: reducedShape(x!.shape, attributes) };
  },
  /** Ties share the gradient equally. */
  gradient: ({ inputs, attributes, output, outputGradient }) => {
    const x = inputs[0]!;
    const kept = reducedShape(x.shape, { ...attributes, keepDims: true });
    const isMax = cast(equal(x, reshape(output, kept)), x.dtype);
    const share = div(reshape(outputGradient, kept), reduceSum(isMax, attributes.axes, true));
    return [mul(isMax, share)];
  },
});

/** Largest element over `axes` (all of them when absent). */
export function reduceMax(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  return apply(reduceMaxOperation, [x], reduceAttributes(x, axes, keepDims));
}

export const argMaxOperation = defineOperation<'argMax', { axis: number }>({
  name: 'argMax',
  type: ([x], { axis }) => {
    if (x!.dtype === 'bool') throw new ShapeError('takes numbers');
    return { dtype: 'i32', shape: x!.shape.filter((_, index) => index !== axis) };
  },
  gradient: 'none',
});

/** i32 index of the largest element along `axis`, the first one at a tie. */
export const argMax = (x: Tensor, axis: number): Tensor =>
  apply(argMaxOperation, [x], { axis: normalizeAxis(axis, x.shape.length) });
