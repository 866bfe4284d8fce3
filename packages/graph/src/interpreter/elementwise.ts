import { sameShape, sizeOf, type DType, type Shape, type TensorType } from '../types.ts';
import type { Operation } from '../operation.ts';
import { allocate, broadcastStrides, forEachRow, lastStep, type Numbers, type Value } from './value.ts';

type Scalar = (...values: number[]) => number;

/** One long row where no operand is really broadcast: each has every element, or a single one. */
function rowsFor(shape: Shape, inputs: readonly Value[]): { shape: Shape; strides: number[][] } {
  const isPlain = inputs.every((x) => sameShape(x.shape, shape) || x.data.length === 1);
  return isPlain
    ? { shape: [sizeOf(shape)], strides: inputs.map((x) => [x.data.length === 1 ? 0 : 1]) }
    : { shape, strides: inputs.map((x) => broadcastStrides(x.shape, shape)) };
}

/** Applies `scalar` to every element, broadcasting the operands. */
function mapElements(scalar: Scalar, { shape }: TensorType, inputs: readonly Value[]): Numbers {
  const out = allocate(shape);
  const rows = rowsFor(shape, inputs);
  const [a, b, c] = inputs.map((x) => x.data);
  const [stepA = 0, stepB = 0, stepC = 0] = rows.strides.map(lastStep);
  let at = 0;
  forEachRow(rows.shape, rows.strides, ([startA = 0, startB = 0, startC = 0], length) => {
    if (c !== undefined) {
      for (let i = 0; i < length; i++) {
        out[at++] = scalar(a![startA + i * stepA]!, b![startB + i * stepB]!, c[startC + i * stepC]!);
      }
    } else if (b !== undefined) {
      for (let i = 0; i < length; i++) out[at++] = scalar(a![startA + i * stepA]!, b[startB + i * stepB]!);
    } else {
      for (let i = 0; i < length; i++) out[at++] = scalar(a![startA + i * stepA]!);
    }
  });
  return out;
}

const meaningOn = (operation: Operation<string, never>, dtype: DType): Scalar => {
  const scalar = dtype === 'i32' ? (operation.integerScalar ?? operation.scalar) : operation.scalar;
  if (scalar === undefined) throw new Error(`${operation.name} has no scalar meaning`);
  return scalar;
};

/** Lowers an operation by its own `scalar`. The interpreter wraps integers around afterwards. */
export const elementwise =
  (operation: Operation<string, never>) =>
  (_attributes: unknown, type: TensorType, inputs: readonly Value[]): Numbers =>
    mapElements(meaningOn(operation, type.dtype), type, inputs);

/** Floats to integers toward zero, booleans to 0 and 1; numbers to booleans by x ≠ 0, NaN among them. */
export const cast = (_attributes: unknown, { dtype }: TensorType, [x]: readonly Value[]): Numbers =>
  dtype === 'f32' ? x!.data : x!.data.slice();
