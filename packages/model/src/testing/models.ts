import { input, sizeOf, uniformNumbers, type Tensor } from '@tether/graph';
import type { LanguageModel, Parameters } from '@tether/core';
import { parseModelConfig, type ModelConfig } from '../config/index.ts';

/** A model small enough for the interpreter, with grouped heads and an untied head. */
export const smallConfig = (changes: Readonly<Record<string, unknown>> = {}): ModelConfig =>
  parseModelConfig({
    model_type: 'llama',
    vocab_size: 13,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 64,
    ...changes,
  });

export const parameterInputs = (model: LanguageModel): Parameters =>
  Object.fromEntries(model.parameters.map(({ name, shape }): [string, Tensor] => [name, input(name, 'f32', shape)]));

/** Random values for every parameter, large enough that attention is far from uniform. */
export const randomWeights = (model: LanguageModel, seed: number): Record<string, Float64Array> =>
  Object.fromEntries(
    model.parameters.map(({ name, shape }, index) => [name, uniformNumbers(sizeOf(shape), seed + index, -1, 1)]),
  );
