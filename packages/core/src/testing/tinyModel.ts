import { add, gather, matmul, reshape, sizeOf, tanh, uniformNumbers } from '@tether/graph';
import type { HostArray, LanguageModel, ParameterSpec } from '../contracts/index.ts';
import { linearHead } from '../views/index.ts';

const HIDDEN = 4; // H
const VOCABULARY = 7; // V
const POSITIONS = 16;

const spec = (name: string, shape: readonly number[], frozen: readonly string[]): ParameterSpec => ({
  name,
  shape,
  trainable: !frozen.includes(name),
  decays: name !== 'positions',
});

/**
 * The smallest thing that is a language model to the engine: h = tanh((E[token] + P[position])·M), logits = h·Oᵀ. It has
 * no attention, so every place sees only its own token and position.
 */
export function tinyModel({ frozen = [] }: { readonly frozen?: readonly string[] } = {}): LanguageModel {
  const parameters = [
    spec('embedding', [VOCABULARY, HIDDEN], frozen),
    spec('positions', [POSITIONS, HIDDEN], frozen),
    spec('mix', [HIDDEN, HIDDEN], frozen),
    spec('output', [VOCABULARY, HIDDEN], frozen),
  ];
  return {
    hiddenSize: HIDDEN,
    vocabularySize: VOCABULARY,
    parameters,
    referenceParameters: parameters,
    hiddenStates(weights, { tokens, positions, observe }) {
      const [rows, length] = tokens.shape as readonly [number, number];
      const places = add(gather(weights['embedding']!, tokens), gather(weights['positions']!, positions)); // [B, T, H]
      observe?.(0, places);
      const mixed = matmul(reshape(places, [rows * length, HIDDEN]), weights['mix']!);
      return reshape(tanh(mixed), [rows, length, HIDDEN]);
    },
    head: (weights) => linearHead(weights['output']!),
  };
}

/** Random values for every parameter. */
export const tinyWeights = (seed: number, model: LanguageModel = tinyModel()): Map<string, HostArray> =>
  new Map(model.parameters.map(({ name, shape }, index) => [name, uniformNumbers(sizeOf(shape), seed + index, -1, 1)]));
