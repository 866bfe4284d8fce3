import { reshape, type Tensor } from '@tether/graph';
import type { LanguageModel } from '@tether/core';
import { attentionMask, causalAttention } from '../blocks/index.ts';
import type { CachedModel } from '../generation/cachedModel.ts';
import { linearHead } from '../head/index.ts';
import { withLora } from '../lora/model.ts';
import type { LoraConfig } from '../lora/config.ts';
import type { TransformerBody } from './body.ts';
import { cachedTransformer } from './cached.ts';
import { layerMasks } from './masks.ts';

export interface ModelOptions {
  /** Compute each layer again in the backward pass: about a third more work for much less memory. */
  readonly rematerialize?: boolean;
  /** Vocabulary entries at a time for log-probabilities; see `linearLogProb`. */
  readonly vocabularyChunk?: number;
  /** Adapters that are trained in place of the weights; the reference is the model without them. */
  readonly lora?: LoraConfig | undefined;
}

/** A body as a language model over prompt-once rows and over caches; parameters have their Hugging Face names. */
export function transformerModel(base: TransformerBody, options: ModelOptions = {}): LanguageModel & CachedModel {
  const body = options.lora === undefined ? base : withLora(base, options.lora);
  const { hiddenSize, vocabularySize, parameters, layers } = body;
  return {
    hiddenSize,
    vocabularySize,
    parameters,
    referenceParameters: base.parameters,

    hiddenStates(parameters, { tokens, segments, positions, keyMask, seed, observe }) {
      const inRows = (states: Tensor): Tensor => reshape(states, [...tokens.shape, hiddenSize]); // [B, T, H]
      const masks = layerMasks(layers, tokens.shape[1]!, (size) =>
        attentionMask(segments, keyMask, size === undefined ? undefined : { size, positions }),
      ); // [B, 1, T, T]
      const states = body.forward(
        parameters,
        { tokens, positions, seed, observe: observe && ((layer, states) => observe(layer, inRows(states))) },
        (layer, queries, keys, values) => causalAttention(queries, keys, values, masks(layer), layers[layer]!.cap),
        options.rematerialize ?? false,
      );
      return inRows(states);
    },

    head: (parameters) =>
      linearHead(body.headWeight(parameters), { chunk: options.vocabularyChunk, cap: body.logitCap }),
    ...cachedTransformer(body),
  };
}
