import { isInput, type Graph, type Tensor } from '@tether/graph';
import { fusionRules, type Fused, type Usage } from './fuse/index.ts';
import { lowerings, type Lowering, type LoweringOverrides } from './lower/index.ts';

/** One operation to emit: a node of the graph, alone or together with nodes that it absorbs. */
export interface Step extends Fused {
  readonly node: Tensor;
}

function countUses(graph: Graph): Usage {
  const uses = new Map<number, number>();
  const use = ({ id }: Tensor): void => void uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(use);
  for (const output of graph.outputs.values()) use(output);
  return { usesOf: ({ id }) => uses.get(id) ?? 0 };
}

function alone(node: Tensor, overrides: LoweringOverrides): Fused {
  const { name } = node.operation;
  // The table has every operation that `optimize` leaves; each function gets its own operation's attributes.
  const lowering = ({ ...lowerings, ...overrides } as unknown as Readonly<Record<string, Lowering>>)[name];
  if (lowering === undefined) throw new Error(`operation ${name} has no ONNX lowering`);
  return { inputs: node.inputs, lower: (context) => lowering(node.attributes, context) };
}

/** Fusion is for plain f32 graphs: with 16-bit floats every result has to be rounded. */
const fuse = (node: Tensor, usage: Usage): Fused | undefined => {
  if (node.dtype !== 'f32' && node.dtype !== 'bool') return undefined;
  for (const rule of fusionRules) {
    const fused = rule(node, usage);
    if (fused !== undefined) return fused;
  }
  return undefined;
};

/** What has to be emitted, in the graph's order; nodes that others absorb are left out. */
export function planSteps(graph: Graph, overrides: LoweringOverrides = {}): Step[] {
  const usage = countUses(graph);
  const needed = new Set([...graph.outputs.values()].map(({ id }) => id));
  const steps: Step[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (isInput(node) || !needed.has(node.id)) continue;
    const step = { node, ...(fuse(node, usage) ?? alone(node, overrides)) };
    for (const input of step.inputs) needed.add(input.id);
    steps.push(step);
  }
  return steps.reverse();
}
