import { sizeOf } from '@tether/graph';
import type { Lowering } from './context.ts';

/** @throws Error with the index that is outside the table */
export const gather: Lowering = (_, { kernel, whole }) =>
  kernel('GatherV2', { x: whole(0), indices: whole(1) }, { axis: 0, batchDims: 0 });

/** Rows one after the other, so that repeated ones add up in the same order every time. */
export const scatterAdd: Lowering<{ size: number }> = ({ size }, { kernel, node, whole }) => {
  const [updates, indices] = [whole(0), whole(1)];
  const rows = sizeOf(indices.shape);
  const width = sizeOf(node.shape.slice(1));
  const sums = kernel(
    'ScatterNd',
    {
      indices: kernel('Reshape', { x: indices }, { shape: [rows, 1] }),
      updates: kernel('Reshape', { x: updates }, { shape: [rows, width] }),
    },
    { shape: [size, width] },
  );
  return kernel('Reshape', { x: sums }, { shape: node.shape });
};
