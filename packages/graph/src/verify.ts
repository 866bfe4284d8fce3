import { isInput, type Graph } from './graph.ts';
import { printGraph } from './print.ts';
import { formatType, sameShape } from './types.ts';

export class GraphError extends Error {
  override readonly name = 'GraphError';
}

/**
 * Checks that every value is defined before use and has the type that its operation gives for its inputs.
 *
 * @throws GraphError naming the first bad node, with the text of the graph in `cause`
 */
export function verify(graph: Graph): Graph {
  const fail = (message: string): never => {
    throw new GraphError(message, { cause: printGraph(graph) });
  };
  const defined = new Set([...graph.inputs.values()].map((tensor) => tensor.id));
  graph.nodes.forEach((node, index) => {
    const place = `node %${index} (${node.operation.name}${node.scope === '' ? '' : ` in ${node.scope}`})`;
    if (isInput(node)) fail(`${place} is an input among the operations`);
    if (defined.has(node.id)) fail(`${place} is defined twice`);
    for (const operand of node.inputs) {
      if (!defined.has(operand.id)) fail(`${place} uses a value that is not defined before it`);
    }
    const type = node.operation.type(node.inputs, node.attributes);
    if (type.dtype !== node.dtype || !sameShape(type.shape, node.shape)) {
      fail(`${place} is ${formatType(node)} but its inputs give ${formatType(type)}`);
    }
    defined.add(node.id);
  });
  for (const [name, tensor] of graph.outputs) {
    if (!defined.has(tensor.id)) fail(`output "${name}" is not computed`);
  }
  return graph;
}
