import { isInput, type Graph, type Tensor } from '@tether/graph';
import type { EngineName } from './config.ts';
import { loweringOf, type LoweringContext } from './lower/index.ts';
import type { Value } from './engines/engine.ts';

export interface Step {
  readonly node: Tensor;
  readonly lower: (context: LoweringContext) => Value;
  /** Values that nothing reads after this step. */
  readonly dead: readonly number[];
}

export interface Plan {
  /** Values that depend on no input: computed once, kept as long as the plan. */
  readonly constants: readonly Step[];
  /** What every run computes, in the graph's order. */
  readonly steps: readonly Step[];
}

/** Operations without operands. */
const isConstant = (node: Tensor): boolean => node.inputs.length === 0 && !isInput(node);

/** For every value, the last node that reads it. Outputs are never done with. */
function lastReaders(graph: Graph): Map<number, Tensor> {
  const last = new Map<number, Tensor>();
  for (const node of graph.nodes) for (const { id } of node.inputs) last.set(id, node);
  for (const { id } of graph.outputs.values()) last.delete(id);
  return last;
}

/** What has to be computed for a graph that `optimize` has been through, and when each value can be freed. */
export function planSteps(graph: Graph, engine: EngineName): Plan {
  const last = lastReaders(graph);
  const toStep = (node: Tensor): Step => {
    const lowering = loweringOf(engine, node.operation.name);
    const read = [...new Set(node.inputs.map(({ id }) => id))];
    return {
      node,
      lower: (context) => lowering(node.attributes, context),
      dead: read.filter((id) => last.get(id) === node),
    };
  };
  const nodes = graph.nodes.filter((node) => !isInput(node));
  return {
    constants: nodes.filter(isConstant).map(toStep),
    steps: nodes.filter((node) => !isConstant(node)).map(toStep),
  };
}
