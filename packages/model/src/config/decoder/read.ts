import { z } from 'zod';
import {
  paddingIdOr,
  positiveInteger,
  positiveNumber,
  supported,
  tokenIdListOr,
  tokenIdOr,
  unsupported,
  withDefault,
  type Report,
} from '../fields.ts';
import { readRope, ropeFields, type ReadRopeOptions } from '../rope/index.ts';
import type { DecoderConfig, DecoderType, LayerConfig } from './types.ts';

/**
 * The fields that every architecture of the family has, with the defaults of transformers' LlamaConfig where a default makes
 * sense; the sizes that make the model must be given. An architecture spreads them and overrides those it means differently.
 */
export const decoderFields = {
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
  initializer_range: withDefault(positiveNumber, 0.02),
  bos_token_id: tokenIdOr(undefined),
  eos_token_id: tokenIdListOr(),
  pad_token_id: paddingIdOr(undefined),
  attention_dropout: withDefault(supported(0), 0),
  partial_rotary_factor: withDefault(supported(1), 1),
  quantization_config: unsupported('a quantized checkpoint'),
  ...ropeFields,
};

type Fields = z.output<z.ZodObject<typeof decoderFields>>;
/** What `readDecoder` reads; an architecture may widen some of it. */
type Raw = Omit<Fields, 'hidden_act' | 'partial_rotary_factor' | 'quantization_config' | 'attention_dropout'>;

/** A plain Llama of the given fields: an architecture overrides what it does differently. */
export function readDecoder<T extends DecoderType>(
  modelType: T,
  raw: Raw,
  report: Report,
  rope: ReadRopeOptions = {},
): DecoderConfig & { readonly modelType: T } {
  const heads = raw.num_attention_heads;
  const keyValueHeads = raw.num_key_value_heads ?? heads;
  const headDim = raw.head_dim ?? raw.hidden_size / heads;
  if (!Number.isInteger(headDim))
    report(['hidden_size'], `${raw.hidden_size} is not a multiple of the ${heads} attention heads`);
  else if (headDim % 2 !== 0) report(['head_dim'], `${headDim} is odd, but RoPE turns dimensions in pairs`);
  if (heads % keyValueHeads !== 0) {
    report(['num_key_value_heads'], `${heads} attention heads cannot be shared among ${keyValueHeads} key/value heads`);
  }
  return {
    modelType,
    vocabSize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    numHiddenLayers: raw.num_hidden_layers,
    numAttentionHeads: heads,
    numKeyValueHeads: keyValueHeads,
    headDim,
    maxPositionEmbeddings: raw.max_position_embeddings,
    rmsNormEps: raw.rms_norm_eps,
    normOffset: 0,
    outputNorms: false,
    queryKeyNorms: false,
    layers: equalLayers(raw.num_hidden_layers, { rope: 'global', window: undefined }),
    rope: readRope(raw, report, rope),
    localRope: undefined,
    rotaryDim: headDim,
    queryScale: 1 / Math.sqrt(headDim),
    attentionCap: undefined,
    attentionBias: false,
    outputBias: false,
    hiddenAct: 'silu',
    mlpBias: false,
    fusedProjections: false,
    embeddingScale: 1,
    tieWordEmbeddings: raw.tie_word_embeddings,
    logitCap: undefined,
    initializerRange: raw.initializer_range,
    bosTokenId: raw.bos_token_id,
    eosTokenIds: raw.eos_token_id,
    padTokenId: raw.pad_token_id,
  };
}

export const equalLayers = (count: number, layer: LayerConfig): LayerConfig[] =>
  Array.from({ length: count }, () => layer);

/** Checks the lengths of longrope's lists against the number of turned pairs. */
export function checkLongRope({ rope, rotaryDim }: DecoderConfig, report: Report): void {
  if (rope.type !== 'longrope') return;
  for (const [name, factors] of [
    ['short_factor', rope.shortFactor],
    ['long_factor', rope.longFactor],
  ] as const) {
    if (factors.length !== rotaryDim / 2) {
      report(
        ['rope_scaling', name],
        `has ${factors.length} numbers, but ${rotaryDim / 2} pairs of dimensions are turned`,
      );
    }
  }
}
