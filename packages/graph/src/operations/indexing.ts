import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import { isFloat, sameShape, ShapeError } from '../types.ts';

export const gatherOperation = defineOperation<'gather'>({
  name: 'gather',
  type: ([table, indices]) => {
    if (indices!.dtype !== 'i32') throw new ShapeError('indices are i32');
    if (table!.shape.length === 0) throw new ShapeError('the table needs a first axis');
    return { dtype: table!.dtype, shape: [...indices!.shape, ...table!.shape.slice(1)] };
  },
  gradient: ({ inputs, outputGradient }) => {
    const [table, indices] = inputs as readonly [Tensor, Tensor];
    return [scatterAdd(outputGradient, indices, table.shape[0]!), undefined];
  },
});

/** Rows of `table` [V, …R] at `indices` [...I] → [...I, …R]. An index outside 0…V−1 is the caller's error. */
export const gather = (table: Tensor, indices: Tensor): Tensor => apply(gatherOperation, [table, indices], {});

export const scatterAddOperation = defineOperation<'scatterAdd', { size: number }>({
  name: 'scatterAdd',
  type: ([updates, indices], { size }) => {
    if (indices!.dtype !== 'i32') throw new ShapeError('indices are i32');
    if (!isFloat(updates!.dtype)) throw new ShapeError('adds floats');
    const lead = indices!.shape.length;
    if (!sameShape(updates!.shape.slice(0, lead), indices!.shape)) {
      throw new ShapeError('updates start with the axes of the indices');
    }
    return { dtype: updates!.dtype, shape: [size, ...updates!.shape.slice(lead)] };
  },
  gradient: ({ inputs, outputGradient }) => [gather(outputGradient, inputs[1]!), undefined],
});

/** Sums rows of `updates` [...I, …R] into a zero table [size, …R] at `indices` [...I]; repeated indices add up. */
export const scatterAdd = (updates: Tensor, indices: Tensor, size: number): Tensor =>
  apply(scatterAddOperation, [updates, indices], { size });
