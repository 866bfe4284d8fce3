import type { Tensor } from '@tether/graph';
import type { ParameterSpec, Parameters } from '@tether/core';
import { llamaParameters, type LlamaConfig } from '../config/index.ts';
import type { LayerWeights } from './layer.ts';

/** The parameters of a forward pass, sorted by where they are used. */
export interface LlamaWeights {
  readonly embedding: Tensor; // [V, H]
  readonly layers: readonly LayerWeights[];
  readonly norm: Tensor; // [H]
  readonly head: Tensor; // [V, H]; the embedding when tied
}

/** All parameters by their Hugging Face names; weight decay applies to matrices, as in transformers' Trainer. */
export const llamaParameterSpecs = (config: LlamaConfig): ParameterSpec[] =>
  llamaParameters(config).map(({ name, shape }) => ({ name, shape, trainable: true, decays: shape.length > 1 }));

/** @throws Error naming every parameter that is missing */
export function sortWeights(config: LlamaConfig, parameters: Parameters): LlamaWeights {
  const names = llamaParameters(config).map(({ name }) => name);
  const missing = names.filter((name) => parameters[name] === undefined);
  if (missing.length > 0) throw new Error(`the model has no parameter ${missing.join(', ')}`);
  const layer = (index: number): LayerWeights => {
    const prefix = `model.layers.${index}.`;
    const own = names.filter((name) => name.startsWith(prefix));
    return Object.fromEntries(own.map((name) => [name.slice(prefix.length), parameters[name]!]));
  };
  const embedding = parameters['model.embed_tokens.weight']!;
  return {
    embedding,
    layers: Array.from({ length: config.numHiddenLayers }, (_, index) => layer(index)),
    norm: parameters['model.norm.weight']!,
    head: config.tieWordEmbeddings ? embedding : parameters['lm_head.weight']!,
  };
}
