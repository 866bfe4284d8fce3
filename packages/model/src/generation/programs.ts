import { cast, input, scope, traceGraph, type Graph, type Tensor } from '@tether/graph';
import type { Backend, Executable, LanguageModel, Parameters } from '@tether/core';
import type { CachedModel, Decoded, LayerCache } from './cachedModel.ts';

export type GeneratingModel = LanguageModel & CachedModel;

/** Static sizes of a group of prompts. */
export interface GenerationShape {
  readonly rows: number; // B
  readonly promptLength: number; // P
  readonly slots: number; // S, for prompt and continuation
}

/** A graph, what runs it, and the names of its cache inputs. */
export interface Program {
  readonly graph: Graph;
  readonly executable: Executable;
}

/** Input and output names of the cache; a layer's output has the name of the input that it replaces. */
const keysName = (layer: number): string => `cache/keys.${layer}`;
const valuesName = (layer: number): string => `cache/values.${layer}`;

const parameterInputs = (model: GeneratingModel): Parameters =>
  Object.fromEntries(model.parameters.map(({ name, shape }) => [name, input(name, 'f32', shape)]));

/** Outputs `logits` f32 [B, V] and the cache. */
function outputsOf(model: GeneratingModel, parameters: Parameters, { states, cache }: Decoded): Map<string, Tensor> {
  const logits = scope('head', () => model.head(parameters).logits(states, 0, model.vocabularySize)); // [B, V]
  const layers = cache.flatMap(({ keys, values }, layer): [string, Tensor][] => [
    [keysName(layer), keys],
    [valuesName(layer), values],
  ]);
  return new Map([['logits', cast(logits, 'f32')], ...layers]);
}

/** Inputs `tokens` i32 [B, P], `lengths` i32 [B] and the parameters. */
export function prefillGraph(model: GeneratingModel, { rows, promptLength, slots }: GenerationShape): Graph {
  const parameters = parameterInputs(model);
  const prompts = {
    tokens: input('tokens', 'i32', [rows, promptLength]),
    lengths: input('lengths', 'i32', [rows]),
  };
  return traceGraph(outputsOf(model, parameters, model.prefill(parameters, prompts, slots)));
}

/** Inputs `tokens` i32 [B], `positions` i32 [B], the cache and the parameters. */
export function decodeGraph(model: GeneratingModel, { rows, slots }: Pick<GenerationShape, 'rows' | 'slots'>): Graph {
  const parameters = parameterInputs(model);
  const shape = model.cacheShape(rows, slots);
  const cache = Array.from({ length: model.cachedLayers }, (_, layer): LayerCache => ({
    keys: input(keysName(layer), 'f32', shape),
    values: input(valuesName(layer), 'f32', shape),
  }));
  const step = { tokens: input('tokens', 'i32', [rows]), positions: input('positions', 'i32', [rows]) };
  return traceGraph(outputsOf(model, parameters, model.decode(parameters, step, cache)));
}

export async function compilePrefill(
  backend: Backend,
  model: GeneratingModel,
  shape: GenerationShape,
): Promise<Program> {
  const graph = prefillGraph(model, shape);
  const label = `prefill ${shape.rows}×${shape.promptLength}`;
  return { graph, executable: await backend.compile(graph, { label }) };
}

/** The cache is updated in place: its handles are dead after each step. */
export async function compileDecode(
  backend: Backend,
  model: GeneratingModel,
  shape: GenerationShape,
): Promise<Program> {
  const graph = decodeGraph(model, shape);
  const cache = [...graph.outputs.keys()].filter((name) => name !== 'logits');
  const label = `decode ${shape.rows}×${shape.slots}`;
  const inPlace = new Map(cache.map((name) => [name, name]));
  return { graph, executable: await backend.compile(graph, { label, inPlace }) };
}
