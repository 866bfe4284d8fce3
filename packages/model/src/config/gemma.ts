import { z } from 'zod';
import {
  decoderFields,
  decoderJson,
  layerTypesJson,
  layerTypesField,
  readDecoder,
  type DecoderConfig,
} from './decoder/index.ts';
import {
  paddingIdOr,
  positiveInteger,
  positiveNumber,
  supported,
  tokenIdListOr,
  tokenIdOr,
  withDefault,
  type Report,
} from './fields.ts';
import type { ReadRopeOptions } from './rope/index.ts';

/** What Gemma 2 and Gemma 3 have in common. Their activation's field is `hidden_activation`; `hidden_act` is not read. */
export const gemmaFields = {
  ...decoderFields,
  num_key_value_heads: withDefault(positiveInteger, 4),
  head_dim: withDefault(positiveInteger, 256),
  hidden_act: z.unknown().optional(),
  hidden_activation: withDefault(supported('gelu_pytorch_tanh'), 'gelu_pytorch_tanh'),
  tie_word_embeddings: withDefault(z.boolean(), true),
  attention_bias: withDefault(z.boolean(), false),
  query_pre_attn_scalar: withDefault(positiveNumber, 256),
  sliding_window: withDefault(positiveInteger, 4096),
  layer_types: layerTypesField,
  use_bidirectional_attention: withDefault(supported(false), false),
  bos_token_id: tokenIdOr(2),
  eos_token_id: tokenIdListOr(1),
  pad_token_id: paddingIdOr(0),
};

type GemmaFields = z.output<z.ZodObject<typeof gemmaFields>>;

/** A cap that may be absent, meaning the architecture's default, or null, meaning none. */
export const capOr = (fallback: number | undefined): z.ZodType<number | undefined> =>
  positiveNumber
    .nullable()
    .optional()
    .transform((cap) => (cap === undefined ? fallback : (cap ?? undefined)));

/** Norms around the identity before and after each part, scaled embeddings, a tanh-approximated GELU gate. */
export const readGemma = (
  modelType: 'gemma2' | 'gemma3_text',
  raw: GemmaFields,
  report: Report,
  rope: ReadRopeOptions,
): DecoderConfig => ({
  ...readDecoder(modelType, raw, report, rope),
  normOffset: 1,
  outputNorms: true,
  queryScale: 1 / Math.sqrt(raw.query_pre_attn_scalar),
  attentionBias: raw.attention_bias,
  outputBias: raw.attention_bias,
  hiddenAct: raw.hidden_activation,
  embeddingScale: Math.sqrt(raw.hidden_size),
});

export function gemmaJson(config: DecoderConfig, className: string): Record<string, unknown> {
  const { hidden_act: hiddenActivation, ...common } = decoderJson(config, className);
  return {
    ...common,
    hidden_activation: hiddenActivation,
    query_pre_attn_scalar: queryPreAttentionScalar(config.queryScale),
    attention_bias: config.attentionBias,
    sliding_window: config.layers.find(({ window }) => window !== undefined)?.window ?? 4096,
    layer_types: layerTypesJson(config.layers),
    final_logit_softcapping: config.logitCap ?? null,
  };
}

/** The number s of 1/√s. It is whole in the file, which squaring the root alone may miss by a rounding. */
function queryPreAttentionScalar(scale: number): number {
  const exact = scale ** -2;
  const whole = Math.round(exact);
  return 1 / Math.sqrt(whole) === scale ? whole : exact;
}
