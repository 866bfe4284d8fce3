import type { ReduceAttributes } from '../operations/layout.ts';
import { sizeOf, stridesOf, type Shape, type TensorType } from '../types.ts';
import { allocate, broadcastStrides, forEachRow, lastStep, type Numbers, type Value } from './value.ts';

const keptShape = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));

/** Visits the rows of x with where each goes in the result: along a row the target moves by `step` (0 or 1). */
function forEachReduced(
  { shape }: Value,
  axes: readonly number[],
  visit: (source: number, target: number, length: number, step: number) => void,
): void {
  const strides = [stridesOf(shape), broadcastStrides(keptShape(shape, axes), shape)];
  const step = lastStep(strides[1]!);
  forEachRow(shape, strides, ([source, target], length) => visit(source!, target!, length, step));
}

export function reduceSum({ axes }: ReduceAttributes, { shape }: TensorType, [x]: readonly Value[]): Numbers {
  const out = allocate(shape);
  const { data } = x!;
  forEachReduced(x!, axes, (source, target, length, step) => {
    for (let i = 0; i < length; i++) out[target + i * step]! += data[source + i]!;
  });
  return out;
}

/** NaN where any element is NaN. */
export function reduceMax({ axes }: ReduceAttributes, { shape }: TensorType, [x]: readonly Value[]): Numbers {
  const out = allocate(shape).fill(-Infinity);
  const { data } = x!;
  forEachReduced(x!, axes, (source, target, length, step) => {
    for (let i = 0; i < length; i++) out[target + i * step] = Math.max(out[target + i * step]!, data[source + i]!);
  });
  return out;
}

/** The first largest element along `axis`. */
export function argMax({ axis }: { axis: number }, { shape }: TensorType, [x]: readonly Value[]): Numbers {
  const { data, shape: full } = x!;
  const out = allocate(shape);
  const extent = full[axis]!;
  const inner = sizeOf(full.slice(axis + 1));
  for (let at = 0; at < out.length; at++) {
    const start = Math.floor(at / inner) * extent * inner + (at % inner);
    for (let i = 1; i < extent; i++) {
      if (data[start + i * inner]! > data[start + out[at]! * inner]!) out[at] = i;
    }
  }
  return out;
}
