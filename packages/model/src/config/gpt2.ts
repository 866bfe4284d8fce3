import { z } from 'zod';
import type { Architecture } from './architectures.ts';
import {
  eosJson,
  paddingIdOr,
  positiveInteger,
  positiveNumber,
  reportTo,
  supported,
  tokenIdListOr,
  tokenIdOr,
  unsupported,
  withDefault,
} from './fields.ts';
import { matrix, ones, zeros, type ParameterSpec } from './parameters.ts';

/** GPT-2: LayerNorm, learned positions, biases everywhere, one key head for each query head. */
export interface Gpt2Config {
  readonly modelType: 'gpt2';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly maxPositionEmbeddings: number;
  readonly layerNormEpsilon: number;
  readonly scaleAttentionWeights: boolean;
  readonly scaleAttentionByInverseLayerIndex: boolean;
  readonly tieWordEmbeddings: boolean;
  readonly initializerRange: number;
  readonly bosTokenId: number | undefined;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
}

/**
 * Dropout, which every published GPT-2 config asks for, is not read: preference training turns it off, as TRL does, since
 * policy and reference would otherwise differ by chance.
 */
const fields = z.object({
  model_type: z.literal('gpt2'),
  vocab_size: positiveInteger,
  n_embd: positiveInteger,
  n_layer: positiveInteger,
  n_head: positiveInteger,
  n_positions: withDefault(positiveInteger, 1024),
  n_inner: positiveInteger.nullish(),
  activation_function: withDefault(supported('gelu_new', 'gelu_pytorch_tanh'), 'gelu_new'), // two names of one function
  layer_norm_epsilon: withDefault(positiveNumber, 1e-5),
  initializer_range: withDefault(positiveNumber, 0.02),
  scale_attn_weights: withDefault(z.boolean(), true),
  scale_attn_by_inverse_layer_idx: withDefault(z.boolean(), false),
  add_cross_attention: withDefault(supported(false), false),
  tie_word_embeddings: withDefault(z.boolean(), true),
  bos_token_id: tokenIdOr(50_256),
  eos_token_id: tokenIdListOr(50_256),
  pad_token_id: paddingIdOr(undefined),
  quantization_config: unsupported('a quantized checkpoint'),
});

const schema = fields.transform((raw, context): Gpt2Config => {
  if (raw.n_embd % raw.n_head !== 0) {
    reportTo(context)(['n_embd'], `${raw.n_embd} is not a multiple of the ${raw.n_head} attention heads`);
  }
  return {
    modelType: 'gpt2',
    vocabSize: raw.vocab_size,
    hiddenSize: raw.n_embd,
    intermediateSize: raw.n_inner ?? 4 * raw.n_embd,
    numHiddenLayers: raw.n_layer,
    numAttentionHeads: raw.n_head,
    maxPositionEmbeddings: raw.n_positions,
    layerNormEpsilon: raw.layer_norm_epsilon,
    scaleAttentionWeights: raw.scale_attn_weights,
    scaleAttentionByInverseLayerIndex: raw.scale_attn_by_inverse_layer_idx,
    tieWordEmbeddings: raw.tie_word_embeddings,
    initializerRange: raw.initializer_range,
    bosTokenId: raw.bos_token_id,
    eosTokenIds: raw.eos_token_id,
    padTokenId: raw.pad_token_id,
  };
});

const toJson = (config: Gpt2Config): Record<string, unknown> => ({
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  vocab_size: config.vocabSize,
  n_embd: config.hiddenSize,
  n_inner: config.intermediateSize,
  n_layer: config.numHiddenLayers,
  n_head: config.numAttentionHeads,
  n_positions: config.maxPositionEmbeddings,
  activation_function: 'gelu_new',
  resid_pdrop: 0,
  embd_pdrop: 0,
  attn_pdrop: 0,
  layer_norm_epsilon: config.layerNormEpsilon,
  initializer_range: config.initializerRange,
  scale_attn_weights: config.scaleAttentionWeights,
  scale_attn_by_inverse_layer_idx: config.scaleAttentionByInverseLayerIndex,
  tie_word_embeddings: config.tieWordEmbeddings,
  bos_token_id: config.bosTokenId ?? null,
  eos_token_id: eosJson(config.eosTokenIds),
  pad_token_id: config.padTokenId ?? null,
});

/** Every parameter in the order of the forward pass. Linear weights are [in, out] here, as GPT-2's Conv1D stores them. */
function parameters(config: Gpt2Config): ParameterSpec[] {
  const { hiddenSize, vocabSize } = config;
  const layers = Array.from({ length: config.numHiddenLayers }, (_, layer) =>
    layerParameters(config, `transformer.h.${layer}`),
  );
  return [
    matrix('transformer.wte.weight', vocabSize, hiddenSize),
    matrix('transformer.wpe.weight', config.maxPositionEmbeddings, hiddenSize),
    ...layers.flat(),
    ...layerNorm('transformer.ln_f', hiddenSize),
    ...(config.tieWordEmbeddings ? [] : [matrix('lm_head.weight', vocabSize, hiddenSize)]),
  ];
}

function layerParameters(config: Gpt2Config, prefix: string): ParameterSpec[] {
  const { hiddenSize, intermediateSize, numHiddenLayers } = config;
  const onResidual = 1 / Math.sqrt(2 * numHiddenLayers); // GPT-2's scheme: two additions to the residual per layer
  return [
    ...layerNorm(`${prefix}.ln_1`, hiddenSize),
    ...conv1d(`${prefix}.attn.c_attn`, hiddenSize, 3 * hiddenSize),
    ...conv1d(`${prefix}.attn.c_proj`, hiddenSize, hiddenSize, onResidual),
    ...layerNorm(`${prefix}.ln_2`, hiddenSize),
    ...conv1d(`${prefix}.mlp.c_fc`, hiddenSize, intermediateSize),
    ...conv1d(`${prefix}.mlp.c_proj`, intermediateSize, hiddenSize, onResidual),
  ];
}

const layerNorm = (module: string, size: number): ParameterSpec[] => [
  ones(`${module}.weight`, size),
  zeros(`${module}.bias`, size),
];

const conv1d = (module: string, inputs: number, outputs: number, initialScale = 1): ParameterSpec[] => [
  { ...matrix(`${module}.weight`, inputs, outputs), initialScale },
  zeros(`${module}.bias`, outputs),
];

export const gpt2: Architecture<Gpt2Config> = {
  schema,
  toJson,
  parameters,
  ignoredTensors: /\.attn\.(masked_)?bias$/, // causal masks, which old checkpoints carry
  redundantTensors: (config): Readonly<Record<string, string>> =>
    config.tieWordEmbeddings ? { 'lm_head.weight': 'transformer.wte.weight' } : {},
};
