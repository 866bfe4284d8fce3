import { isInput, type Graph } from '../graph.ts';
import { decompose } from '../passes/decompose.ts';
import type { Tensor } from '../tensor.ts';
import { formatType, sizeOf, type TensorType } from '../types.ts';
import { lowering } from './lower.ts';
import { numbersOf, hold, type Numbers, type Value } from './value.ts';

type Lower = (attributes: unknown, type: TensorType, inputs: readonly Value[]) => Numbers;

/** The table without the types of each operation's attributes: a node carries its own operation's. */
const lowerings = lowering as unknown as Readonly<Record<string, Lower | undefined>>;

function computeNode(node: Tensor, inputs: readonly Value[]): Value {
  const { operation, attributes, dtype, shape } = node;
  const lower = lowerings[operation.name];
  if (lower === undefined) throw new Error(`the interpreter does not know the operation ${operation.name}`);
  try {
    return { dtype, shape, data: hold(dtype, lower(attributes, node, inputs)) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const place = node.scope === '' ? '' : ` in ${node.scope}`;
    throw new RangeError(`${operation.name}${place}: ${error.message}`, { cause: error });
  }
}

/** How often each value is read, counting outputs as one reader that never ends. */
function countReaders(graph: Graph): Map<number, number> {
  const readers = new Map<number, number>();
  const count = (tensor: Tensor): unknown => readers.set(tensor.id, (readers.get(tensor.id) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const output of graph.outputs.values()) count(output);
  return readers;
}

/** Runs a graph of primitives. Intermediates are let go after their last use. */
export function interpret(graph: Graph, inputs: ReadonlyMap<string, Value>): Map<string, Value> {
  const values = new Map<number, Value>();
  const readers = countReaders(graph);
  for (const [name, tensor] of graph.inputs) values.set(tensor.id, inputs.get(name)!);
  for (const node of graph.nodes) {
    const operands = node.inputs.map((input) => values.get(input.id)!);
    values.set(node.id, computeNode(node, operands));
    for (const input of node.inputs) {
      const left = readers.get(input.id)! - 1;
      readers.set(input.id, left);
      if (left === 0 && !isInput(input)) values.delete(input.id);
    }
  }
  return new Map([...graph.outputs].map(([name, tensor]) => [name, values.get(tensor.id)!]));
}

export type NumbersByName = ReadonlyMap<string, ArrayLike<number>> | Readonly<Record<string, ArrayLike<number>>>;

type NumbersMap = ReadonlyMap<string, ArrayLike<number>>;

const isMap = (given: NumbersByName): given is NumbersMap => given instanceof Map;

/** Numbers as values of the graph's inputs, or an error that lists everything that does not fit. */
function bindInputs(graph: Graph, given: NumbersByName): Map<string, Value> {
  const numbers: NumbersMap = isMap(given) ? given : new Map(Object.entries(given));
  const problems: string[] = [];
  const bound = new Map<string, Value>();
  for (const [name, { dtype, shape }] of graph.inputs) {
    const data = numbers.get(name);
    if (data === undefined) problems.push(`input "${name}" is missing`);
    else if (data.length !== sizeOf(shape)) {
      problems.push(`input "${name}" has ${data.length} elements, not those of ${formatType({ dtype, shape })}`);
    } else bound.set(name, { dtype, shape, data: numbersOf(dtype, data) });
  }
  for (const name of numbers.keys()) if (!graph.inputs.has(name)) problems.push(`there is no input "${name}"`);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return bound;
}

/**
 * What a graph means: its outputs for the given inputs (row-major elements by name), in float64, operation by
 * operation as written, without any pass except the replacement of composites by their decompositions. The oracle that
 * backends, passes and gradients are compared with.
 *
 * @throws Error listing missing, extra and wrongly sized inputs; RangeError for an index outside its table
 */
export const evaluate = (graph: Graph, inputs: NumbersByName = {}): Map<string, Value> =>
  interpret(decompose(graph, new Set()), bindInputs(graph, inputs));
