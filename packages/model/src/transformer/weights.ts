import { checkpoint, scope, type Tensor } from '@tether/graph';
import type { ParameterSpec, Parameters } from '@tether/core';
import { lowRank } from '../blocks/index.ts';
import type { ParameterSpec as ConfigParameter } from '../config/index.ts';
import type { InputDropout } from './body.ts';

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

/** Names of an adapter's tensors behind the name of the module that they change. */
export const LORA_A = 'lora_A.weight'; // [r, I]
export const LORA_B = 'lora_B.weight'; // [O, r]

/** What a module's adapter adds to its result for x [N, I] → [N, O]; undefined where it has none. */
export function adapterOutput(
  x: Tensor,
  weights: LayerWeights,
  module: string,
  drop: InputDropout | undefined,
): Tensor | undefined {
  const [a, b] = [weights[`${module}.${LORA_A}`], weights[`${module}.${LORA_B}`]];
  if (a === undefined || b === undefined) return undefined;
  return scope('lora', () => lowRank(drop === undefined ? x : drop(x, module), a, b));
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
