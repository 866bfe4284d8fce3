import { z } from 'zod';
import {
  checkLongRope,
  decoderArchitecture,
  decoderFields,
  decoderJson,
  equalLayers,
  readDecoder,
  type DecoderConfig,
} from './decoder/index.ts';
import { positiveInteger, reportTo, tokenIdListOr, tokenIdOr, unsupported, windowOr, withDefault } from './fields.ts';

const fields = z.object({
  ...decoderFields,
  model_type: z.literal('mistral'),
  max_position_embeddings: withDefault(positiveInteger, 131_072),
  num_key_value_heads: withDefault(positiveInteger, 8),
  sliding_window: windowOr(4096),
  layer_types: unsupported('a window in some layers only'),
  bos_token_id: tokenIdOr(1),
  eos_token_id: tokenIdListOr(2),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const config = {
    ...readDecoder('mistral', raw, report),
    layers: equalLayers(raw.num_hidden_layers, { rope: 'global', window: raw.sliding_window }),
  };
  checkLongRope(config, report);
  return config;
});

const toJson = (config: DecoderConfig): Record<string, unknown> => ({
  ...decoderJson(config, 'MistralForCausalLM'),
  sliding_window: config.layers[0]!.window ?? null,
});

/** Mistral: Llama whose layers all attend within one window (arXiv 2310.06825, §2). */
export const mistral = decoderArchitecture(schema, toJson);
