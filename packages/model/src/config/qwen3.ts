import { z } from 'zod';
import {
  checkLongRope,
  decoderArchitecture,
  decoderFields,
  decoderJson,
  readDecoder,
  windowedLayers,
  windowFields,
  type DecoderConfig,
} from './decoder/index.ts';
import { positiveInteger, reportTo, withDefault } from './fields.ts';
import { windowJson } from './qwen2.ts';

const fields = z.object({
  ...decoderFields,
  ...windowFields,
  model_type: z.literal('qwen3'),
  max_position_embeddings: withDefault(positiveInteger, 32_768),
  num_key_value_heads: withDefault(positiveInteger, 32),
  head_dim: withDefault(positiveInteger, 128),
  attention_bias: withDefault(z.boolean(), false),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const config = {
    ...readDecoder('qwen3', raw, report),
    layers: windowedLayers(raw, report),
    queryKeyNorms: true,
    attentionBias: raw.attention_bias,
    outputBias: raw.attention_bias,
  };
  checkLongRope(config, report);
  return config;
});

const toJson = (config: DecoderConfig): Record<string, unknown> => ({
  ...decoderJson(config, 'Qwen3ForCausalLM'),
  ...windowJson(config),
  attention_bias: config.attentionBias,
});

/** Qwen3: Llama whose queries and keys are normalized in each head (arXiv 2505.09388, §2). */
export const qwen3 = decoderArchitecture(schema, toJson);
