import type { Graph } from '../graph.ts';
import type { Tensor } from '../tensor.ts';
import { rewriteGraph } from './rewrite.ts';

/**
 * Replaces every operation that has a decomposition and is not in `native`, until none is left.
 *
 * @param native names of the composites that the backend has kernels for
 */
export function decompose(graph: Graph, native: ReadonlySet<string>): Graph {
  const isOpen = (node: Tensor): boolean => node.operation.decompose !== undefined && !native.has(node.operation.name);
  let current = graph;
  while (current.nodes.some(isOpen)) {
    current = rewriteGraph(current, (node, inputs) =>
      isOpen(node) ? node.operation.decompose?.(inputs, node.attributes) : undefined,
    );
  }
  return current;
}
