import { reshape } from '@tether/graph';
import type { LanguageModel } from '@tether/core';
import { attention, attentionMask } from '../blocks/index.ts';
import type { LlamaConfig } from '../config/index.ts';
import type { CachedModel } from '../generation/cachedModel.ts';
import { linearHead } from '../head/index.ts';
import { cachedLlama } from './decoder.ts';
import { forward } from './forward.ts';
import { llamaParameterSpecs, sortWeights } from './weights.ts';

export interface LlamaOptions {
  /** Compute each layer again in the backward pass: about a third more work for much less memory. */
  readonly rematerialize?: boolean;
  /** Vocabulary entries at a time for log-probabilities; see `linearLogProb`. */
  readonly vocabularyChunk?: number;
}

/** A decoder of the Llama family as pure functions; parameters have their Hugging Face names. */
export function llama(config: LlamaConfig, options: LlamaOptions = {}): LanguageModel & CachedModel {
  const parameters = llamaParameterSpecs(config);
  return {
    hiddenSize: config.hiddenSize,
    vocabularySize: config.vocabSize,
    parameters,
    referenceParameters: parameters,

    hiddenStates(parameters, { tokens, segments, positions, keyMask }) {
      const mask = attentionMask(segments, keyMask); // [B, 1, T, T]
      const states = forward(
        config,
        sortWeights(config, parameters),
        tokens,
        positions,
        (queries, keys, values) => attention(queries, keys, values, mask),
        options.rematerialize,
      );
      return reshape(states, [...tokens.shape, config.hiddenSize]); // [B, T, H]
    },

    head: (parameters) => linearHead(sortWeights(config, parameters).head, options.vocabularyChunk),
    ...cachedLlama(config),
  };
}
