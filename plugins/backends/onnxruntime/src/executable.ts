import { BackendError, type CompileOptions, type DeviceTensor, type Executable } from '@tether/core';
import { formatType, optimize, sameShape, typeOf, type Graph, type TensorType } from '@tether/graph';
import { emitModel } from './emit.ts';
import { safeDonations } from './donations.ts';
import { lowerings } from './lower/index.ts';
import type { Runtime } from './native/library.ts';
import { encodeModel } from './onnx/model.ts';
import type { BufferPool } from './pool.ts';
import { createSession } from './session.ts';
import type { SessionSettings } from './settings.ts';
import { OrtTensor, type TensorStore } from './tensor.ts';

type DeviceTensors = ReadonlyMap<string, DeviceTensor>;

/** What the executables of one backend share. */
export interface Engine {
  readonly runtime: Runtime;
  readonly settings: SessionSettings;
  readonly store: TensorStore;
  readonly pool: BufferPool;
}

const sameType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** The graph's inputs, or an error that lists everything that does not fit. */
function checkInputs(graph: Graph, given: DeviceTensors, label: string): Map<string, OrtTensor> {
  const problems: string[] = [];
  const checked = new Map<string, OrtTensor>();
  for (const [name, expected] of graph.inputs) {
    const tensor = given.get(name);
    if (tensor === undefined) problems.push(`input "${name}" (${formatType(expected)}) is missing`);
    else if (!(tensor instanceof OrtTensor)) problems.push(`input "${name}" is a tensor of backend ${tensor.backend}`);
    else if (!sameType(tensor, expected)) {
      problems.push(`input "${name}" is ${formatType(tensor)}, not ${formatType(expected)}`);
    } else if (!tensor.isAlive) problems.push(`input "${name}" was released or given up to an in-place run`);
    else checked.set(name, tensor);
  }
  for (const name of given.keys()) if (!graph.inputs.has(name)) problems.push(`there is no input "${name}"`);
  if (problems.length > 0) throw new BackendError(`${label}: ${problems.join('; ')}`);
  return checked;
}

/** @throws BackendError when a donation names nothing or joins different types */
function checkDonations(graph: Graph, donations: ReadonlyMap<string, string>, label: string): void {
  for (const [outputName, inputName] of donations) {
    const output = graph.outputs.get(outputName);
    const input = graph.inputs.get(inputName);
    if (output !== undefined && input !== undefined && sameType(output, input)) continue;
    const [outputType, inputType] = [output, input].map((tensor) => (tensor ? formatType(tensor) : 'absent'));
    throw new BackendError(
      `${label}: output "${outputName}" (${outputType}) cannot take the memory of input "${inputName}" (${inputType})`,
    );
  }
}

async function naming<T>(label: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new BackendError(`${label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

export async function compileGraph(engine: Engine, source: Graph, options: CompileOptions = {}): Promise<Executable> {
  const { label = 'graph', inPlace = new Map<string, string>() } = options;
  checkDonations(source, inPlace, label);
  const graph = optimize(source, Object.keys(lowerings));
  const model = emitModel(graph);
  const donations = safeDonations(model, inPlace);
  const session = await naming(label, () =>
    createSession(
      engine.runtime,
      encodeModel(model),
      model.inputs.map(({ name }) => name),
      model.outputs.map(({ name }) => name),
      engine.settings,
    ),
  );
  const outputTypes = new Map([...graph.outputs].map(([name, tensor]) => [name, typeOf(tensor)]));
  let disposed = false;

  return {
    graph,
    run: async (given) => {
      if (disposed) throw new BackendError(`${label} was disposed of`);
      const inputs = checkInputs(source, given, label);
      const feeds = [...graph.inputs.keys()].map((name) => inputs.get(name)!.storage().handle); // all were checked
      const outputs = new Map<string, OrtTensor>();
      for (const [name, type] of outputTypes) {
        const donor = donations.get(name);
        outputs.set(name, donor === undefined ? engine.store.allocate(type) : engine.store.adopt(inputs.get(donor)!));
      }
      engine.pool.countRun();
      await naming(label, () =>
        session.run(
          feeds,
          [...outputs.values()].map((tensor) => tensor.storage().handle),
        ),
      );
      // Donors that could not be written to are given up all the same.
      for (const name of inPlace.values()) if (inputs.get(name)!.isAlive) engine.store.release(inputs.get(name)!);
      return outputs;
    },
    dispose: () => {
      disposed = true;
      session.dispose();
      return Promise.resolve();
    },
  };
}
