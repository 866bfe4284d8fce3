import { evaluate, type Graph } from '@tether/graph';
import { BackendError, type Backend, type DeviceTensor, type HostTensor } from '../contracts/index.ts';

interface Held extends DeviceTensor {
  readonly data: ArrayLike<number>;
}

export interface InterpreterBackend extends Backend {
  /** Handles that were not given back yet. */
  readonly live: ReadonlySet<DeviceTensor>;
  /** Labels of what was compiled, in order. */
  readonly labels: readonly string[];
}

export interface InterpreterOptions {
  /** Label of graphs whose runs fail, after they have taken what is donated. */
  readonly failingRuns?: string;
  /** Label of graphs that cannot be compiled. */
  readonly failingCompiles?: string;
}

/** A backend for tests: graphs run in the float64 interpreter, and using a dead handle throws. */
export function interpreterBackend({ failingRuns, failingCompiles }: InterpreterOptions = {}): InterpreterBackend {
  const live = new Set<DeviceTensor>();
  const labels: string[] = [];
  const hold = ({ dtype, shape, data }: HostTensor): Held => {
    const tensor = { backend: 'interpreter', dtype, shape, data };
    live.add(tensor);
    return tensor;
  };
  const kill = (tensor: DeviceTensor): void => {
    if (!live.delete(tensor)) throw new Error('this handle is dead');
  };
  const run = (
    graph: Graph,
    inputs: ReadonlyMap<string, DeviceTensor>,
    label: string,
    donated: Iterable<string>,
  ): Map<string, DeviceTensor> => {
    for (const tensor of inputs.values()) if (!live.has(tensor)) throw new Error('this handle is dead');
    for (const name of donated) kill(inputs.get(name)!);
    if (label === failingRuns) throw new BackendError(`${label}: no memory`);
    const numbers = new Map([...inputs].map(([name, tensor]) => [name, (tensor as Held).data]));
    return new Map([...evaluate(graph, numbers)].map(([name, value]) => [name, hold(value)]));
  };
  return {
    name: 'interpreter',
    description: 'float64 interpreter',
    live,
    labels,
    compile(graph, { label = '', inPlace = new Map<string, string>() } = {}) {
      labels.push(label);
      if (label === failingCompiles) return Promise.reject(new BackendError(`${label}: no such operation`));
      return Promise.resolve({
        graph,
        run: (inputs) => Promise.try(() => run(graph, inputs, label, inPlace.values())),
        dispose: () => Promise.resolve(),
      });
    },
    upload: (tensor) => Promise.resolve(hold(tensor)),
    download: (tensor) =>
      Promise.try(() => {
        if (!live.has(tensor)) throw new Error('this handle is dead');
        return { dtype: tensor.dtype, shape: tensor.shape, data: Float64Array.from((tensor as Held).data) };
      }),
    release: kill,
    dispose: () => Promise.resolve(),
  };
}
