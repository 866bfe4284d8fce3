import { evaluate, type Graph } from '@tether/graph';
import type { Backend, DeviceTensor, HostTensor } from '../contracts/index.ts';

interface Held extends DeviceTensor {
  readonly data: ArrayLike<number>;
}

export interface InterpreterBackend extends Backend {
  /** Handles that were not given back yet. */
  readonly live: ReadonlySet<DeviceTensor>;
  /** Labels of what was compiled, in order. */
  readonly labels: readonly string[];
}

/** A backend for tests: graphs run in the float64 interpreter, and using a dead handle throws. */
export function interpreterBackend(): InterpreterBackend {
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
  const run = (graph: Graph, inputs: ReadonlyMap<string, DeviceTensor>): Map<string, DeviceTensor> => {
    for (const tensor of inputs.values()) if (!live.has(tensor)) throw new Error('this handle is dead');
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
      return Promise.resolve({
        graph,
        run: (inputs) =>
          Promise.try(() => {
            const outputs = run(graph, inputs);
            for (const name of inPlace.values()) kill(inputs.get(name)!);
            return outputs;
          }),
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
