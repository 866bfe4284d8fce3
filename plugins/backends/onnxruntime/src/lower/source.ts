import type { Shape } from '@tether/graph';
import { COMPUTE_TYPE, type Lowering } from './context.ts';

export const constant: Lowering<{ data: ArrayLike<number>; shape: Shape }> = ({ data, shape }, { builder, node }) =>
  builder.constant(COMPUTE_TYPE[node.dtype], data, data.length === 1 ? [] : shape);

/** 0 … extent−1 along its axis, not repeated along the others. */
export const iota: Lowering<{ shape: Shape; axis: number }> = ({ shape, axis }, { builder }) => {
  const extent = shape[axis]!;
  const range = builder.range(extent);
  return builder.reshape(
    range,
    shape.slice(axis).map((_, index) => (index === 0 ? extent : 1)),
  );
};
