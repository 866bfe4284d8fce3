import { checkpoint, type Tensor } from '@tether/graph';
import type { ParameterSpec, Parameters } from '@tether/core';
import type { ParameterSpec as ConfigParameter } from '../config/index.ts';

/** A layer's tensors by their names inside the layer, for example `self_attn.q_proj.weight`. */
export type LayerWeights = Readonly<Record<string, Tensor>>;

/** Trainable parameters; weight decay applies to matrices, as in transformers' Trainer. */
export const trainable = (parameters: readonly ConfigParameter[]): ParameterSpec[] =>
  parameters.map(({ name, shape }) => ({ name, shape, trainable: true, decays: shape.length > 1 }));

/** @throws Error naming every parameter that is missing */
export function checkPresent(specs: readonly ParameterSpec[], parameters: Parameters): void {
  const missing = specs.filter(({ name }) => parameters[name] === undefined);
  if (missing.length > 0) throw new Error(`the model has no parameter ${missing.map(({ name }) => name).join(', ')}`);
}

/** The parameters under a prefix, by the rest of their names; adapters' too. */
export function under(parameters: Parameters, prefix: string): LayerWeights {
  const own = Object.entries(parameters).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** A layer that keeps only its input and its weights for the backward pass, where it is computed again. */
export function checkpointed(layer: (x: Tensor, weights: LayerWeights) => Tensor): typeof layer {
  return (x, weights) => {
    const names = Object.keys(weights);
    return checkpoint([x, ...names.map((name) => weights[name]!)], ([input, ...tensors]) => {
      const again = Object.fromEntries(names.map((name, index) => [name, tensors[index]!]));
      return layer(input!, again);
    });
  };
}
