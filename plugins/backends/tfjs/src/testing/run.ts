import { hostTensor, type Backend, type DeviceTensor, type HostArray } from '@tether/core';
import { sizeOf, traceGraph, type Graph, type Tensor } from '@tether/graph';
import { chooseEngine } from '../engines/choose.ts';
import type { Engine } from '../engines/engine.ts';
import { createBackend } from '../backend.ts';
import { ENGINES, configSchema, type EngineName } from '../config.ts';

export interface EngineUnderTest {
  readonly name: EngineName;
  readonly engine: Engine;
  readonly backend: Backend;
}

/** Every engine of this machine; tells which are missing. */
export async function enginesHere(): Promise<EngineUnderTest[]> {
  const found: EngineUnderTest[] = [];
  for (const name of ENGINES) {
    const config = configSchema.parse({ engine: name });
    try {
      found.push({ name, engine: (await chooseEngine(config)).engine, backend: await createBackend(config) });
    } catch (error) {
      console.info(`skipped: ${(error as Error).message}`);
    }
  }
  return found;
}

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

/** Compiles a graph, runs it once and gives everything back. */
export async function runNumbers(
  backend: Backend,
  outputs: Readonly<Record<string, Tensor>>,
  numbers: Numbers = {},
): Promise<Record<string, HostArray>> {
  const graph = traceGraph(outputs);
  const executable = await backend.compile(graph);
  const inputs = await uploadNumbers(backend, graph, numbers);
  try {
    const results = await executable.run(inputs);
    const downloaded: Record<string, HostArray> = {};
    for (const [name, tensor] of results) {
      downloaded[name] = (await backend.download(tensor)).data;
      backend.release(tensor);
    }
    return downloaded;
  } finally {
    for (const tensor of inputs.values()) backend.release(tensor);
    await executable.dispose();
  }
}

/** Numbers in ±1, the same ones every time. */
export const wave = (shape: readonly number[], frequency = 1): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(frequency * (index + 1)));
