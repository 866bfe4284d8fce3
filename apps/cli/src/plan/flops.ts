import { sizeOf, type Graph, type Tensor } from '@tether/graph';

/** Multiplications and additions of the matrix products of a graph: 2·M·N·K each. The rest of a step is small beside them. */
export const matmulFlops = ({ nodes }: Graph): number => nodes.reduce((sum, node) => sum + flopsOf(node), 0);

function flopsOf({ operation, inputs, attributes, shape }: Tensor): number {
  if (operation.name !== 'matmul') return 0;
  const left = inputs[0]!.shape;
  const transposed = (attributes as { readonly transposeA?: boolean }).transposeA === true; // by its operation
  const inner = left.at(transposed ? -2 : -1)!; // K
  return 2 * sizeOf(shape) * inner;
}
