import type { ParameterSpec } from '@tether/core';
import { LORA_A, LORA_B, LORA_MAGNITUDE } from '../transformer/adapter.ts';
import type { LoraConfig } from './config.ts';

/** A linear map of the layers that adapters change. */
export interface Target {
  /** Its full name, for example `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  readonly inputs: number; // I
  readonly outputs: number; // O
}

const WEIGHT = '.weight';
/** A matrix inside a numbered layer: embeddings and heads are outside. */
const IN_LAYER = /\.\d+\./;

/** GPT-2 stores its matrices [I, O] (PEFT's `fan_in_fan_out`); its layers are the only ones named `h`. */
export const isInputFirst = (name: string): boolean => name.startsWith('transformer.h.');

/**
 * The modules that a config adapts, in the model's order.
 *
 * @throws RangeError naming a target that no module has, and the ones there are
 */
export function loraTargets(parameters: readonly ParameterSpec[], { targetModules }: LoraConfig): Target[] {
  const all = parameters
    .filter(({ name, shape }) => shape.length === 2 && name.endsWith(WEIGHT) && IN_LAYER.test(name))
    .map(({ name, shape }): Target => {
      const [outputs, inputs] = isInputFirst(name) ? shape.toReversed() : shape;
      return { module: name.slice(0, -WEIGHT.length), inputs: inputs!, outputs: outputs! };
    });
  if (targetModules === 'all-linear') return all;
  const lastPart = ({ module }: Target): string => module.slice(module.lastIndexOf('.') + 1);
  const known = [...new Set(all.map(lastPart))];
  const unknown = targetModules.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(`the model has no linear module ${unknown.join(', ')}; it has ${known.join(', ')}`);
  }
  return all.filter((target) => targetModules.includes(lastPart(target)));
}

/** The trained tensors of an adapter. Weight decay applies to all of them, as in transformers' Trainer. */
export const loraParameters = (targets: readonly Target[], { rank, dora }: LoraConfig): ParameterSpec[] =>
  targets.flatMap(({ module, inputs, outputs }) => [
    { name: `${module}.${LORA_A}`, shape: [rank, inputs], trainable: true, decays: true },
    { name: `${module}.${LORA_B}`, shape: [outputs, rank], trainable: true, decays: true },
    ...(dora ? [{ name: `${module}.${LORA_MAGNITUDE}`, shape: [outputs], trainable: true, decays: true }] : []),
  ]);
