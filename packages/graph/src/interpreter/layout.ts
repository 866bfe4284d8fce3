import { stridesOf, type Shape, type TensorType } from '../types.ts';
import { allocate, broadcastStrides, forEachRow, lastStep, type Numbers, type Value } from './value.ts';

/** Where the elements of a block of `shape` lie in `data`. */
interface Place {
  readonly data: Numbers;
  readonly start: number;
  readonly strides: readonly number[];
}

/** Copies a block of `shape` from one place to another. */
function copyBlock(shape: Shape, from: Place, to: Place): void {
  const fromStep = lastStep(from.strides);
  const toStep = lastStep(to.strides);
  forEachRow(shape, [from.strides, to.strides], ([source, target], length) => {
    for (let i = 0; i < length; i++) {
      to.data[to.start + target! + i * toStep] = from.data[from.start + source! + i * fromStep]!;
    }
  });
}

const contiguous = (data: Numbers, shape: Shape): Place => ({ data, start: 0, strides: stridesOf(shape) });

/** Flat position of a multi-index. */
const flatten = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);

/** A new tensor read through strides of x. */
function readBlock({ shape }: TensorType, from: Place): Numbers {
  const out = allocate(shape);
  copyBlock(shape, from, contiguous(out, shape));
  return out;
}

type Inputs = readonly Value[];

export const reshape = (_attributes: unknown, _type: TensorType, [x]: Inputs): Numbers => x!.data;

export function transpose(attributes: { permutation: readonly number[] }, type: TensorType, [x]: Inputs): Numbers {
  const strides = stridesOf(x!.shape);
  return readBlock(type, { data: x!.data, start: 0, strides: attributes.permutation.map((axis) => strides[axis]!) });
}

export const broadcast = (_attributes: unknown, type: TensorType, [x]: Inputs): Numbers =>
  readBlock(type, { data: x!.data, start: 0, strides: broadcastStrides(x!.shape, type.shape) });

export function slice({ starts }: { starts: readonly number[] }, type: TensorType, [x]: Inputs): Numbers {
  const strides = stridesOf(x!.shape);
  return readBlock(type, { data: x!.data, start: flatten(starts, strides), strides });
}

export function pad(
  { low, value }: { low: readonly number[]; value: number },
  { shape }: TensorType,
  [x]: Inputs,
): Numbers {
  const data = allocate(shape).fill(value);
  const strides = stridesOf(shape);
  copyBlock(x!.shape, contiguous(x!.data, x!.shape), { data, start: flatten(low, strides), strides });
  return data;
}

export function concat({ axis }: { axis: number }, { shape }: TensorType, inputs: Inputs): Numbers {
  const data = allocate(shape);
  const strides = stridesOf(shape);
  let start = 0;
  for (const x of inputs) {
    copyBlock(x.shape, contiguous(x.data, x.shape), { data, start, strides });
    start += x.shape[axis]! * strides[axis]!;
  }
  return data;
}
