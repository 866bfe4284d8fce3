import { eosJson } from '../fields.ts';
import { ropeJson } from '../rope/index.ts';
import type { DecoderConfig } from './types.ts';

/** The fields that all configs of the family have, as transformers 4 writes them; transformers 5 reads them too. */
export const decoderJson = (config: DecoderConfig, className: string): Record<string, unknown> => ({
  architectures: [className],
  model_type: config.modelType,
  vocab_size: config.vocabSize,
  hidden_size: config.hiddenSize,
  intermediate_size: config.intermediateSize,
  num_hidden_layers: config.numHiddenLayers,
  num_attention_heads: config.numAttentionHeads,
  num_key_value_heads: config.numKeyValueHeads,
  head_dim: config.headDim,
  max_position_embeddings: config.maxPositionEmbeddings,
  hidden_act: config.hiddenAct,
  rms_norm_eps: config.rmsNormEps,
  ...ropeJson(config.rope),
  tie_word_embeddings: config.tieWordEmbeddings,
  initializer_range: config.initializerRange,
  bos_token_id: config.bosTokenId ?? null,
  eos_token_id: eosJson(config.eosTokenIds),
  pad_token_id: config.padTokenId ?? null,
});
