import type { Backend, CompileOptions, DeviceTensor } from '@tether/core';
import { evaluate, traceGraph, type Graph, type Tensor } from '@tether/graph';
import { fromHost, inputsOf, numbersByName, toHost, type Point, type Points, type Tensors } from '../point.ts';

/** A function and where to evaluate it. */
export interface BackendCase {
  /** Shapes and types in a few words. */
  readonly label: string;
  readonly inputs: Points;
  readonly build: (tensors: Tensors) => Tensor;
}

/** Copies inputs to a backend. */
export async function uploadAll(backend: Backend, points: Points): Promise<Map<string, DeviceTensor>> {
  const uploaded = new Map<string, DeviceTensor>();
  for (const [name, point] of Object.entries(points)) uploaded.set(name, await backend.upload(toHost(point)));
  return uploaded;
}

/** Copies outputs back and releases them. */
export async function downloadAll(
  backend: Backend,
  tensors: ReadonlyMap<string, DeviceTensor>,
): Promise<Record<string, Point>> {
  const points: Record<string, Point> = {};
  for (const [name, tensor] of tensors) {
    points[name] = fromHost(await backend.download(tensor));
    backend.release(tensor);
  }
  return points;
}

/** Compiles, runs once and cleans up. Donated inputs are not released: the run took them. */
export async function runOnce(
  backend: Backend,
  graph: Graph,
  points: Points,
  options: CompileOptions = {},
): Promise<Record<string, Point>> {
  const executable = await backend.compile(graph, options);
  try {
    const inputs = await uploadAll(backend, points);
    const outputs = await downloadAll(backend, await executable.run(inputs));
    const donated = new Set(options.inPlace?.values());
    for (const [name, tensor] of inputs) if (!donated.has(name)) backend.release(tensor);
    return outputs;
  } finally {
    await executable.dispose();
  }
}

/** The oracle's outputs. */
export const evaluatePoints = (graph: Graph, points: Points): Record<string, Point> =>
  Object.fromEntries(evaluate(graph, numbersByName(points)));

/** The graph `{ y }` of a case. Inputs that it does not read are left out. */
export function graphOf({ inputs, build }: BackendCase): { graph: Graph; points: Points } {
  const graph = traceGraph({ y: build(inputsOf(inputs)) });
  const points = Object.fromEntries(Object.entries(inputs).filter(([name]) => graph.inputs.has(name)));
  return { graph, points };
}
