import { sizeOf, type Shape } from '@tether/graph';
import type { Lowering } from './context.ts';

export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export const reduceSum: Lowering<ReduceAttributes> = ({ axes, keepDims }, { inputs, kernel, whole }) =>
  axes.length === 0 ? inputs[0]! : kernel('Sum', { x: whole(0) }, { axis: axes, keepDims });

export const reduceMax: Lowering<ReduceAttributes> = ({ axes, keepDims }, { inputs, kernel, whole }) =>
  axes.length === 0 ? inputs[0]! : kernel('Max', { x: whole(0) }, { reductionIndices: axes, keepDims });

export const argMax: Lowering<{ axis: number }> = ({ axis }, { kernel, whole }) =>
  kernel('ArgMax', { x: whole(0) }, { axis });

export const reshape: Lowering<{ shape: Shape }> = ({ shape }, { inputs, kernel, whole }) =>
  sizeOf(inputs[0]!.shape) === 1
    ? kernel('Reshape', { x: inputs[0]! }, { shape: [] })
    : kernel('Reshape', { x: whole(0) }, { shape });

export const transpose: Lowering<{ permutation: readonly number[] }> = ({ permutation }, { inputs, kernel, whole }) => {
  const [loose] = inputs;
  const x = loose!.shape.length === permutation.length ? loose! : whole(0);
  return kernel('Transpose', { x }, { perm: permutation });
};

/** Left to whoever reads it: most kernels broadcast by themselves. */
export const broadcast: Lowering = (_, { inputs }) => inputs[0]!;

export const barrier: Lowering = (_, { inputs }) => inputs[0]!;

export const slice: Lowering<{ starts: readonly number[]; limits: readonly number[] }> = (
  { starts, limits },
  { kernel, whole },
) =>
  starts.length === 0
    ? whole(0)
    : kernel('Slice', { x: whole(0) }, { begin: starts, size: limits.map((limit, axis) => limit - starts[axis]!) });

export const pad: Lowering<{ low: readonly number[]; high: readonly number[]; value: number }> = (
  { low, high, value },
  { kernel, whole },
) =>
  low.length === 0
    ? whole(0)
    : kernel(
        'PadV2',
        { x: whole(0) },
        { paddings: low.map((count, axis) => [count, high[axis]!]), constantValue: value },
      );

export const concat: Lowering<{ axis: number }> = ({ axis }, { inputs, kernel, whole }) =>
  kernel(
    'Concat',
    inputs.map((_, index) => whole(index)),
    { axis },
  );
