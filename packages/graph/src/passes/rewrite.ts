import { traceGraph, type Graph } from '../graph.ts';
import { onBehalfOf, withInputs, type Tensor } from '../tensor.ts';

/** Gives the replacement of a node whose inputs were already replaced, or undefined to keep the operation. */
export type Rewrite = (node: Tensor, inputs: readonly Tensor[]) => Tensor | undefined;

/** Rebuilds a graph node by node, in order; what nothing uses any more is gone afterwards. */
export function rewriteGraph(graph: Graph, rewrite: Rewrite): Graph {
  const replaced = new Map<number, Tensor>();
  const current = (tensor: Tensor): Tensor => replaced.get(tensor.id) ?? tensor;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(current);
    replaced.set(
      node.id,
      onBehalfOf(node, '', () => rewrite(node, inputs) ?? withInputs(node, inputs)),
    );
  }
  return traceGraph(new Map([...graph.outputs].map(([name, tensor]) => [name, current(tensor)])));
}
