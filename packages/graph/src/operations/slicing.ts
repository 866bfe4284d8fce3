import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import { formatShape, normalizeAxis, ShapeError } from '../types.ts';

export const sliceOperation = defineOperation<'slice', { starts: readonly number[]; limits: readonly number[] }>({
  name: 'slice',
  type: ([x], { starts, limits }) => {
    const fits =
      starts.length === x!.shape.length &&
      limits.length === x!.shape.length &&
      x!.shape.every((extent, axis) => 0 <= starts[axis]! && starts[axis]! < limits[axis]! && limits[axis]! <= extent);
    if (!fits) throw new ShapeError(`cannot slice from ${formatShape(starts)} to ${formatShape(limits)}`);
    return { dtype: x!.dtype, shape: starts.map((start, axis) => limits[axis]! - start) };
  },
  gradient: ({ inputs, attributes, outputGradient }) => [
    pad(
      outputGradient,
      attributes.starts,
      inputs[0]!.shape.map((extent, axis) => extent - attributes.limits[axis]!),
      0,
    ),
  ],
});

/** Elements with starts[axis] ≤ index < limits[axis]. */
export const slice = (x: Tensor, starts: readonly number[], limits: readonly number[]): Tensor =>
  apply(sliceOperation, [x], { starts, limits });

/** `slice` along one axis. */
export function sliceAxis(x: Tensor, axis: number, start: number, limit: number): Tensor {
  const at = normalizeAxis(axis, x.shape.length);
  if (start === 0 && limit === x.shape[at]) return x;
  return slice(
    x,
    x.shape.map((_, index) => (index === at ? start : 0)),
    x.shape.map((extent, index) => (index === at ? limit : extent)),
  );
}

export const padOperation = defineOperation<'pad', { low: readonly number[]; high: readonly number[]; value: number }>({
  name: 'pad',
  type: ([x], { low, high }) => {
    const fits =
      low.length === x!.shape.length &&
      high.length === x!.shape.length &&
      [...low, ...high].every((count) => count >= 0);
    if (!fits) throw new ShapeError(`cannot pad by ${formatShape(low)} and ${formatShape(high)}`);
    return { dtype: x!.dtype, shape: x!.shape.map((extent, axis) => extent + low[axis]! + high[axis]!) };
  },
  gradient: ({ inputs, attributes, outputGradient }) => [
    slice(
      outputGradient,
      attributes.low,
      inputs[0]!.shape.map((extent, axis) => attributes.low[axis]! + extent),
    ),
  ],
});

/** Adds `low[axis]` elements before and `high[axis]` after, all equal to `value`. */
export const pad = (x: Tensor, low: readonly number[], high: readonly number[], value: number): Tensor =>
  apply(padOperation, [x], { low, high, value });

export const concatOperation = defineOperation<'concat', { axis: number }>({
  name: 'concat',
  type: (inputs, { axis }) => {
    const [first] = inputs;
    if (first === undefined) throw new ShapeError('needs at least one input');
    const fits = inputs.every(
      (x) =>
        x.dtype === first.dtype &&
        x.shape.length === first.shape.length &&
        x.shape.every((extent, index) => index === axis || extent === first.shape[index]),
    );
    if (!fits) throw new ShapeError(`inputs differ outside axis ${axis}`);
    const total = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
    return { dtype: first.dtype, shape: first.shape.map((extent, index) => (index === axis ? total : extent)) };
  },
  gradient: ({ inputs, attributes, outputGradient }) => {
    let start = 0;
    return inputs.map((x) => {
      const from = start;
      start += x.shape[attributes.axis]!;
      return sliceAxis(outputGradient, attributes.axis, from, start);
    });
  },
});

/** Joins tensors along an existing axis. */
export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  const [first, ...others] = inputs;
  if (first === undefined) return apply(concatOperation, [], { axis }); // throws, with the operation's name
  return others.length === 0
    ? first
    : apply(concatOperation, inputs, { axis: normalizeAxis(axis, first.shape.length) });
}
