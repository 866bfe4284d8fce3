import { reachable } from '../grad.ts';
import { traceGraph } from '../graph.ts';
import { constant } from '../operations/source.ts';
import { decompose } from '../passes/decompose.ts';
import { withInputs, type Tensor } from '../tensor.ts';
import { interpret } from './evaluate.ts';
import type { Value } from './value.ts';

const isStopped = (tensor: Tensor): boolean => tensor.operation.name === 'stopGradient';
const isHandmade = (tensor: Tensor): boolean => tensor.operation.name === 'withGradient';

/** Values of tensors at a point, by their ids. */
function valuesAt(tensors: readonly Tensor[], point: ReadonlyMap<string, Value>): Map<number, Value> {
  const graph = traceGraph(new Map(tensors.map((tensor) => [String(tensor.id), tensor])));
  const values = interpret(decompose(graph, new Set()), point);
  return new Map([...values].map(([id, value]) => [Number(id), value]));
}

/** Rewrites what a value is computed from; `replace` gives a tensor's stand-in, or undefined to look at its inputs. */
function rewriter(replace: (tensor: Tensor) => Tensor | undefined): (tensor: Tensor) => Tensor {
  const known = new Map<number, Tensor>();
  const rewrite = (tensor: Tensor): Tensor => {
    const before = known.get(tensor.id);
    if (before !== undefined) return before;
    const { inputs } = tensor;
    const result = replace(tensor) ?? (inputs.length === 0 ? tensor : withInputs(tensor, inputs.map(rewrite)));
    known.set(tensor.id, result);
    return result;
  };
  return rewrite;
}

/**
 * The function that `grad` differentiates: `output` with everything behind `stopGradient` held at its value at a point.
 * Central differences of anything else would see dependences that the gradient leaves out on purpose.
 *
 * Inside the value of a `withGradient` nothing is held, for its gradient is given by hand: it may stop what it
 * computes from. From the inputs of the hand-made gradient on upwards, the rule holds again.
 */
export function holdStopped(output: Tensor, point: ReadonlyMap<string, Value>): Tensor {
  const stopped = reachable([output]).filter(isStopped);
  if (stopped.length === 0) return output;
  const values = valuesAt(stopped, point);

  const held = rewriter((tensor) => {
    if (isHandmade(tensor)) return handmade(tensor);
    const value = isStopped(tensor) ? values.get(tensor.id) : undefined;
    return value === undefined ? undefined : constant(value.data, value.dtype, value.shape);
  });

  function handmade(tensor: Tensor): Tensor {
    const boundary = new Set<number>();
    let value = tensor;
    // A chain of hand-made gradients on one value: each adds inputs of its own.
    while (isHandmade(value)) {
      for (const input of value.inputs.slice(1)) boundary.add(input.id);
      value = value.inputs[0]!;
    }
    const root = isStopped(value) ? value.inputs[0]! : value;
    const free = rewriter((part) => {
      if (boundary.has(part.id)) return held(part);
      return isStopped(part) || isHandmade(part) ? free(part.inputs[0]!) : undefined;
    });
    return free(root);
  }

  return held(output);
}
