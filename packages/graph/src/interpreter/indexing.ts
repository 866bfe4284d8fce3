import { sizeOf, type TensorType } from '../types.ts';
import { allocate, type Numbers, type Value } from './value.ts';

function checkedIndex(indices: Numbers, at: number, extent: number): number {
  const index = indices[at]!;
  if (index < 0 || index >= extent) {
    throw new RangeError(`index ${index} (element ${at} of the indices) is outside 0…${extent - 1}`);
  }
  return index;
}

/** @throws RangeError with the index that is outside the table */
export function gather(_attributes: unknown, { shape }: TensorType, [table, indices]: readonly Value[]): Numbers {
  const rowSize = sizeOf(table!.shape.slice(1));
  const out = allocate(shape);
  for (let at = 0; at < indices!.data.length; at++) {
    const row = checkedIndex(indices!.data, at, table!.shape[0]!);
    out.set(table!.data.subarray(row * rowSize, (row + 1) * rowSize), at * rowSize);
  }
  return out;
}

/** @throws RangeError with the index that is outside the result */
export function scatterAdd({ size }: { size: number }, { shape }: TensorType, inputs: readonly Value[]): Numbers {
  const [updates, indices] = inputs;
  const rowSize = sizeOf(shape.slice(1));
  const out = allocate(shape);
  for (let at = 0; at < indices!.data.length; at++) {
    const row = checkedIndex(indices!.data, at, size);
    for (let i = 0; i < rowSize; i++) out[row * rowSize + i]! += updates!.data[at * rowSize + i]!;
  }
  return out;
}
