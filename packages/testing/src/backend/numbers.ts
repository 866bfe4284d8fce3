import { hostTensor, type Backend, type CompileOptions, type DeviceTensor, type HostArray } from '@tether/core';
import { sizeOf, traceGraph, type Graph, type Tensor } from '@tether/graph';

/** Plain numbers in and out, for a backend's own tests. */
export type Numbers = Readonly<Record<string, HostArray>>;

export async function uploadNumbers(
  backend: Backend,
  graph: Graph,
  numbers: Numbers,
): Promise<Map<string, DeviceTensor>> {
  const uploaded = new Map<string, DeviceTensor>();
  for (const [name, { dtype, shape }] of graph.inputs) {
    uploaded.set(name, await backend.upload(hostTensor(dtype, shape, numbers[name]!)));
  }
  return uploaded;
}

/** Compiles a graph, runs it once and releases everything. */
export async function runNumbers(
  backend: Backend,
  outputs: Readonly<Record<string, Tensor>>,
  numbers: Numbers = {},
  options: CompileOptions = {},
): Promise<Record<string, HostArray>> {
  const graph = traceGraph(outputs);
  const executable = await backend.compile(graph, options);
  const inputs = await uploadNumbers(backend, graph, numbers);
  const downloaded: Record<string, HostArray> = {};
  const donated = new Set(options.inPlace?.values());
  try {
    for (const [name, tensor] of await executable.run(inputs)) {
      downloaded[name] = (await backend.download(tensor)).data;
      backend.release(tensor);
    }
  } finally {
    for (const [name, tensor] of inputs) if (!donated.has(name)) backend.release(tensor);
    await executable.dispose();
  }
  return downloaded;
}

/** Numbers in ±1, the same ones every time. */
export const wave = (shape: readonly number[], frequency = 1): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(frequency * (index + 1)));
