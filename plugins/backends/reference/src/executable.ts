import { BackendError, checkDonations, checkInputs, type CompileOptions, type Executable } from '@tether/core';
import { decompose, interpret, verify, type Graph, type Value } from '@tether/graph';
import { isOwn, type TensorStore } from './tensor.ts';

/**
 * A graph ready to be interpreted: composites decomposed, nothing else changed, so that the oracle does not depend on
 * the passes that it is there to check. Donated inputs are not written to, but their handles die as everywhere.
 */
export function compileReference(store: TensorStore, graph: Graph, options: CompileOptions = {}): Executable {
  const { label = 'graph', inPlace = new Map<string, string>() } = options;
  const program = verify(decompose(graph, new Set()));
  checkDonations(graph, inPlace, label);
  let disposed = false;
  return {
    graph: program,
    run: (inputs) =>
      Promise.try(() => {
        if (disposed) throw new BackendError(`${label} was disposed of`);
        const tensors = checkInputs(graph, inputs, isOwn, label);
        const needed = new Map([...program.inputs.keys()].map((name) => [name, tensors.get(name)!.content()]));
        for (const name of inPlace.values()) store.release(tensors.get(name)!);
        const outputs = runProgram(program, needed, label);
        return new Map([...outputs].map(([name, value]) => [name, store.adopt(value)]));
      }),
    dispose: () =>
      Promise.try(() => {
        disposed = true;
      }),
  };
}

function runProgram(program: Graph, inputs: ReadonlyMap<string, Value>, label: string): Map<string, Value> {
  try {
    return interpret(program, inputs);
  } catch (error) {
    throw new BackendError(`${label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
