import type { z } from 'zod';
import { llama, type LlamaConfig } from './llama.ts';
import type { ParameterSpec } from './parameters.ts';

/** What is known about one `model_type`. A new architecture is a file with such a record and a line in ARCHITECTURES. */
export interface Architecture<C> {
  /** From the contents of config.json, which name this model_type, to the typed config. */
  readonly schema: z.ZodType<C>;
  /** Every parameter of the model in the order of the forward pass. */
  readonly parameters: (config: C) => ParameterSpec[];
  /** The config.json of a model that was not loaded from a folder. */
  readonly toJson: (config: C) => Record<string, unknown>;
  /** Tensors that old checkpoints carry although they can be computed. */
  readonly ignoredTensors: RegExp;
  /** Tensors that a checkpoint may hold a second time: name → the parameter that it must equal. */
  readonly redundantTensors: (config: C) => Readonly<Record<string, string>>;
}

/** Configs by `model_type`. */
export interface ModelConfigs {
  llama: LlamaConfig;
}

export type ModelType = keyof ModelConfigs;
export type ModelConfig = ModelConfigs[ModelType];

export const ARCHITECTURES: { readonly [T in ModelType]: Architecture<ModelConfigs[T]> } = { llama };

export const MODEL_TYPES = Object.keys(ARCHITECTURES) as readonly ModelType[];

/** Every parameter of a model of any supported architecture. */
export function modelParameters(config: ModelConfig): ParameterSpec[] {
  return ARCHITECTURES[config.modelType].parameters(config);
}

/** The config.json of a model of any supported architecture. */
export function modelConfigJson(config: ModelConfig): Record<string, unknown> {
  return ARCHITECTURES[config.modelType].toJson(config);
}
