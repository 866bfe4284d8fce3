import { reshape } from '@tether/graph';
import type { LanguageModel } from '@tether/core';
import { attention, attentionMask } from '../blocks/index.ts';
import type { CachedModel } from '../generation/cachedModel.ts';
import { linearHead } from '../head/index.ts';
import type { TransformerBody } from './body.ts';
import { cachedTransformer } from './cached.ts';
import { layerMasks } from './masks.ts';

export interface ModelOptions {
  /** Compute each layer again in the backward pass: about a third more work for much less memory. */
  readonly rematerialize?: boolean;
  /** Vocabulary entries at a time for log-probabilities; see `linearLogProb`. */
  readonly vocabularyChunk?: number;
}

/** A body as a language model over prompt-once rows and over caches; parameters have their Hugging Face names. */
export function transformerModel(body: TransformerBody, options: ModelOptions = {}): LanguageModel & CachedModel {
  const { hiddenSize, vocabularySize, parameters, layers } = body;
  return {
    hiddenSize,
    vocabularySize,
    parameters,
    referenceParameters: parameters,

    hiddenStates(parameters, { tokens, segments, positions, keyMask }) {
      const masks = layerMasks(layers, tokens.shape[1]!, (size) =>
        attentionMask(segments, keyMask, size === undefined ? undefined : { size, positions }),
      ); // [B, 1, T, T]
      const states = body.forward(
        parameters,
        { tokens, positions },
        (layer, queries, keys, values) => attention(queries, keys, values, masks(layer), layers[layer]!.cap),
        options.rematerialize ?? false,
      );
      return reshape(states, [...tokens.shape, hiddenSize]); // [B, T, H]
    },

    head: (parameters) =>
      linearHead(body.headWeight(parameters), { chunk: options.vocabularyChunk, cap: body.logitCap }),
    ...cachedTransformer(body),
  };
}
