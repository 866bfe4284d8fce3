import { checkDonations, checkInputs, Lifetime, naming, type CompileOptions, type Executable } from '@tether/core';
import { decompose, interpret, verify, type Graph } from '@tether/graph';
import type { TensorStore } from './tensor.ts';

/**
 * A graph ready to be interpreted: composites decomposed, nothing else changed, so that the oracle does not depend on
 * the passes that it is there to check. Donated inputs are not written to, but their handles die as everywhere.
 */
export function compileReference(
  store: TensorStore,
  backend: Lifetime,
  graph: Graph,
  options: CompileOptions = {},
): Executable {
  const { label = 'graph', inPlace = new Map<string, string>() } = options;
  const program = verify(decompose(graph, new Set()));
  checkDonations(graph, inPlace, label);
  const lifetime = new Lifetime(label, () => undefined, backend);
  return {
    graph: program,
    run: (inputs) =>
      lifetime.during(async () => {
        const tensors = checkInputs(graph, inputs, store.isOwn, label);
        const needed = new Map([...program.inputs.keys()].map((name) => [name, tensors.get(name)!.content()]));
        for (const name of inPlace.values()) store.release(tensors.get(name)!);
        const outputs = await naming(label, () => interpret(program, needed));
        return new Map([...outputs].map(([name, value]) => [name, store.adopt(value, value)]));
      }),
    dispose: () => lifetime.end(),
  };
}
