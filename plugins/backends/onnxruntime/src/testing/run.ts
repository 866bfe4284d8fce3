import { hostTensor, type Backend, type CompileOptions, type DeviceTensor, type HostArray } from '@tether/core';
import { optimize, sizeOf, traceGraph, type Graph, type Tensor } from '@tether/graph';
import { emitModel } from '../emit.ts';
import { lowerings } from '../lower/index.ts';
import type { OnnxModel } from '../onnx/model.ts';

export type Outputs = Readonly<Record<string, Tensor>>;
export type Numbers = Readonly<Record<string, HostArray>>;

/** The model that the backend makes of a graph. */
export const modelOf = (outputs: Outputs): OnnxModel =>
  emitModel(optimize(traceGraph(outputs), Object.keys(lowerings)));

/** Operators of a model in order, without the readers that pin the order. */
export const operatorsOf = (model: OnnxModel): string[] =>
  model.nodes.filter(({ outputs }) => !outputs[0]?.startsWith('pin ')).map(({ operator }) => operator);

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

/** Compiles a graph and runs it once. */
export async function runNumbers(
  backend: Backend,
  outputs: Outputs,
  numbers: Numbers = {},
  options: CompileOptions = {},
): Promise<Record<string, HostArray>> {
  const graph = traceGraph(outputs);
  const executable = await backend.compile(graph, options);
  const results = await executable.run(await uploadNumbers(backend, graph, numbers));
  const downloaded: Record<string, HostArray> = {};
  for (const [name, tensor] of results) downloaded[name] = (await backend.download(tensor)).data;
  await executable.dispose();
  return downloaded;
}

/** Numbers in ±1, the same ones every time. */
export const wave = (shape: readonly number[], frequency = 1): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(frequency * (index + 1)));
