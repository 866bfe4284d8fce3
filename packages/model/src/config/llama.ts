import { z } from 'zod';
import type { Architecture } from './architectures.ts';
import {
  optionalTokenId,
  positiveInteger,
  positiveNumber,
  supported,
  tokenIdList,
  unsupported,
  withDefault,
} from './fields.ts';
import type { ParameterSpec } from './parameters.ts';
import { readRope, ropeFields, ropeJson, type RopeConfig } from './rope.ts';

/** The Llama family: RMSNorm, RoPE, grouped-query attention, SwiGLU. Names are those of Hugging Face's LlamaConfig. */
export interface LlamaConfig {
  readonly modelType: 'llama';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly maxPositionEmbeddings: number;
  readonly hiddenAct: 'silu';
  readonly rmsNormEps: number;
  readonly rope: RopeConfig;
  readonly tieWordEmbeddings: boolean;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  readonly initializerRange: number;
  readonly bosTokenId: number | undefined;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
}

/** Defaults are those of transformers' LlamaConfig; the sizes that make the model have none and must be given. */
const fields = z.object({
  model_type: z.literal('llama'),
  vocab_size: positiveInteger,
  hidden_size: positiveInteger,
  intermediate_size: positiveInteger,
  num_hidden_layers: positiveInteger,
  num_attention_heads: positiveInteger,
  num_key_value_heads: positiveInteger.nullish(),
  head_dim: positiveInteger.nullish(),
  max_position_embeddings: withDefault(positiveInteger, 2048),
  hidden_act: withDefault(supported('silu'), 'silu'),
  rms_norm_eps: withDefault(positiveNumber, 1e-6),
  tie_word_embeddings: withDefault(z.boolean(), false),
  attention_bias: withDefault(z.boolean(), false),
  mlp_bias: withDefault(z.boolean(), false),
  initializer_range: withDefault(positiveNumber, 0.02),
  bos_token_id: optionalTokenId,
  eos_token_id: tokenIdList,
  pad_token_id: z
    .number()
    .int()
    .nullish()
    .transform((id) => (id === null || id === undefined || id < 0 ? undefined : id)),
  attention_dropout: withDefault(supported(0), 0),
  partial_rotary_factor: withDefault(supported(1), 1),
  quantization_config: unsupported('a quantized checkpoint'),
  ...ropeFields,
});

export const llamaSchema = fields.transform((raw, context): LlamaConfig => {
  const report = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message });
  const heads = raw.num_attention_heads;
  const keyValueHeads = raw.num_key_value_heads ?? heads;
  const headDim = raw.head_dim ?? raw.hidden_size / heads;
  if (raw.hidden_size % heads !== 0)
    report(['hidden_size'], `${raw.hidden_size} is not a multiple of the ${heads} attention heads`);
  else if (headDim % 2 !== 0) report(['head_dim'], `${headDim} is odd, but RoPE turns dimensions in pairs`);
  if (heads % keyValueHeads !== 0) {
    report(['num_key_value_heads'], `${heads} attention heads cannot be shared among ${keyValueHeads} key/value heads`);
  }
  return {
    modelType: 'llama',
    vocabSize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    numHiddenLayers: raw.num_hidden_layers,
    numAttentionHeads: heads,
    numKeyValueHeads: keyValueHeads,
    headDim,
    maxPositionEmbeddings: raw.max_position_embeddings,
    hiddenAct: raw.hidden_act,
    rmsNormEps: raw.rms_norm_eps,
    rope: readRope(raw, report),
    tieWordEmbeddings: raw.tie_word_embeddings,
    attentionBias: raw.attention_bias,
    mlpBias: raw.mlp_bias,
    initializerRange: raw.initializer_range,
    bosTokenId: raw.bos_token_id,
    eosTokenIds: raw.eos_token_id,
    padTokenId: raw.pad_token_id,
  };
});

/** The config.json of a model, for one that was not loaded from a folder. transformers 4 and 5 read it. */
export function llamaConfigJson(config: LlamaConfig): Record<string, unknown> {
  const [firstEos, ...moreEos] = config.eosTokenIds;
  return {
    architectures: ['LlamaForCausalLM'],
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
    attention_bias: config.attentionBias,
    mlp_bias: config.mlpBias,
    initializer_range: config.initializerRange,
    bos_token_id: config.bosTokenId ?? null,
    eos_token_id: moreEos.length > 0 ? config.eosTokenIds : (firstEos ?? null),
    pad_token_id: config.padTokenId ?? null,
  };
}

/** Every parameter of the model in the order of the forward pass. A tied head has no tensor of its own. */
export function llamaParameters(config: LlamaConfig): ParameterSpec[] {
  const layers = Array.from({ length: config.numHiddenLayers }, (_, layer) =>
    layerParameters(config, `model.layers.${layer}`),
  );
  return [
    weight('model.embed_tokens', config.vocabSize, config.hiddenSize),
    ...layers.flat(),
    norm('model.norm', config.hiddenSize),
    ...(config.tieWordEmbeddings ? [] : [weight('lm_head', config.vocabSize, config.hiddenSize)]),
  ];
}

function layerParameters(config: LlamaConfig, prefix: string): ParameterSpec[] {
  const { hiddenSize, intermediateSize, headDim, attentionBias, mlpBias } = config;
  const queries = config.numAttentionHeads * headDim;
  const keys = config.numKeyValueHeads * headDim;
  return [
    norm(`${prefix}.input_layernorm`, hiddenSize),
    ...linear(`${prefix}.self_attn.q_proj`, queries, hiddenSize, attentionBias),
    ...linear(`${prefix}.self_attn.k_proj`, keys, hiddenSize, attentionBias),
    ...linear(`${prefix}.self_attn.v_proj`, keys, hiddenSize, attentionBias),
    ...linear(`${prefix}.self_attn.o_proj`, hiddenSize, queries, attentionBias),
    norm(`${prefix}.post_attention_layernorm`, hiddenSize),
    ...linear(`${prefix}.mlp.gate_proj`, intermediateSize, hiddenSize, mlpBias),
    ...linear(`${prefix}.mlp.up_proj`, intermediateSize, hiddenSize, mlpBias),
    ...linear(`${prefix}.mlp.down_proj`, hiddenSize, intermediateSize, mlpBias),
  ];
}

function norm(module: string, size: number): ParameterSpec {
  return { name: `${module}.weight`, shape: [size], initial: 'ones' };
}

function weight(module: string, outputs: number, inputs: number): ParameterSpec {
  return { name: `${module}.weight`, shape: [outputs, inputs], initial: 'normal' };
}

function linear(module: string, outputs: number, inputs: number, bias: boolean): ParameterSpec[] {
  const matrix = weight(module, outputs, inputs);
  return bias ? [matrix, { name: `${module}.bias`, shape: [outputs], initial: 'zeros' }] : [matrix];
}

export const llama: Architecture<LlamaConfig> = {
  schema: llamaSchema,
  parameters: llamaParameters,
  toJson: llamaConfigJson,
  ignoredTensors: /\.rotary_emb\.inv_freq$/,
  redundantTensors: (config): Readonly<Record<string, string>> =>
    config.tieWordEmbeddings ? { 'lm_head.weight': 'model.embed_tokens.weight' } : {},
};
