import { BackendError, type CompileOptions, type DeviceTensor, type Executable } from '@tether/core';
import {
  decompose,
  formatType,
  interpret,
  sameShape,
  verify,
  type Graph,
  type TensorType,
  type Value,
} from '@tether/graph';
import { promised } from './promised.ts';
import { ReferenceTensor } from './tensor.ts';

type DeviceTensors = ReadonlyMap<string, DeviceTensor>;

const sameType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** The values behind the inputs, or an error that lists everything that does not fit. */
function bindInputs(graph: Graph, inputs: DeviceTensors, label: string): Map<string, Value> {
  const problems: string[] = [];
  const bound = new Map<string, Value>();
  for (const [name, expected] of graph.inputs) {
    const given = inputs.get(name);
    if (given === undefined) problems.push(`input "${name}" (${formatType(expected)}) is missing`);
    else if (!(given instanceof ReferenceTensor)) {
      problems.push(`input "${name}" is a tensor of backend ${given.backend}`);
    } else if (!sameType(given, expected)) {
      problems.push(`input "${name}" is ${formatType(given)}, not ${formatType(expected)}`);
    } else bound.set(name, given.value());
  }
  for (const name of inputs.keys()) if (!graph.inputs.has(name)) problems.push(`there is no input "${name}"`);
  if (problems.length > 0) throw new BackendError(`${label}: ${problems.join('; ')}`);
  return bound;
}

/** @throws BackendError when a donation names nothing or joins different types */
function checkDonations(graph: Graph, inPlace: ReadonlyMap<string, string>, label: string): void {
  for (const [outputName, inputName] of inPlace) {
    const output = graph.outputs.get(outputName);
    const input = graph.inputs.get(inputName);
    if (output === undefined || input === undefined || !sameType(output, input)) {
      const types = [output, input].map((tensor) => (tensor === undefined ? 'absent' : formatType(tensor)));
      throw new BackendError(
        `${label}: output "${outputName}" (${types[0]}) cannot take input "${inputName}" (${types[1]})`,
      );
    }
  }
}

/**
 * A graph ready to be interpreted: composites decomposed, nothing else changed, so that the oracle does not depend on
 * the passes that it is there to check. Donated inputs are not written to, but their handles die as everywhere.
 */
export function compileReference(backend: string, graph: Graph, options: CompileOptions = {}): Executable {
  const { label = 'graph', inPlace = new Map<string, string>() } = options;
  const program = verify(decompose(graph, new Set()));
  checkDonations(graph, inPlace, label);
  let disposed = false;
  return {
    graph: program,
    run: (inputs) =>
      promised(() => {
        if (disposed) throw new BackendError(`${label} was disposed of`);
        const bound = bindInputs(graph, inputs, label);
        const needed = new Map([...program.inputs.keys()].map((name) => [name, bound.get(name)!]));
        const outputs = runProgram(program, needed, label);
        for (const name of inPlace.values()) (inputs.get(name) as ReferenceTensor).release(); // checked by `bindInputs`
        return new Map([...outputs].map(([name, value]) => [name, new ReferenceTensor(backend, value)]));
      }),
    dispose: () =>
      promised(() => {
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
