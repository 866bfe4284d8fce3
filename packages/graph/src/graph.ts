import { reachable } from './grad.ts';
import type { Tensor } from './tensor.ts';
import { formatType, type TensorType } from './types.ts';

/** A traced program: static types, single assignment, inputs before users. */
export interface Graph {
  /** By name, in the order in which they were made. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Every operation except the inputs. */
  readonly nodes: readonly Tensor[];
  readonly outputs: ReadonlyMap<string, Tensor>;
}

export const isInput = (tensor: Tensor): boolean => tensor.operation.name === 'input';
export const inputName = (tensor: Tensor): string => tensor.attributes['name'] as string; // by `inputOperation`

/**
 * Collects what `outputs` depend on. What they do not depend on is not part of the graph: dead code never enters it.
 *
 * @throws Error when two different inputs have the same name
 */
export function traceGraph(outputs: Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>): Graph {
  const named = outputs instanceof Map ? new Map<string, Tensor>(outputs) : new Map(Object.entries(outputs));
  const all = reachable([...named.values()]);
  const inputs = new Map<string, Tensor>();
  for (const tensor of all.filter(isInput)) {
    const name = inputName(tensor);
    if (inputs.has(name)) throw new Error(`two inputs of this graph are named "${name}"`);
    inputs.set(name, tensor);
  }
  return { inputs, nodes: all.filter((tensor) => !isInput(tensor)), outputs: named };
}

export const typeOf = ({ dtype, shape }: Tensor): TensorType => ({ dtype, shape });

/** "name: type" of every input or output, for messages. */
export const describeSignature = (tensors: ReadonlyMap<string, Tensor>): string =>
  [...tensors].map(([name, tensor]) => `${name}: ${formatType(tensor)}`).join(', ');
