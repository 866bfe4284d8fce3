import { z } from 'zod';
import {
  checkLongRope,
  decoderArchitecture,
  decoderFields,
  decoderJson,
  layerTypesJson,
  readDecoder,
  windowedLayers,
  windowFields,
  type DecoderConfig,
} from './decoder/index.ts';
import { positiveInteger, reportTo, withDefault } from './fields.ts';

const fields = z.object({
  ...decoderFields,
  ...windowFields,
  model_type: z.literal('qwen2'),
  max_position_embeddings: withDefault(positiveInteger, 32_768),
  num_key_value_heads: withDefault(positiveInteger, 32),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const config = {
    ...readDecoder('qwen2', raw, report),
    layers: windowedLayers(raw, report),
    attentionBias: true,
  };
  checkLongRope(config, report);
  return config;
});

/** The fields of Qwen's windows. */
export function windowJson({ layers }: DecoderConfig): Record<string, unknown> {
  const window = layers.find((layer) => layer.window !== undefined)?.window;
  return {
    use_sliding_window: window !== undefined,
    sliding_window: window ?? null,
    layer_types: layerTypesJson(layers),
  };
}

const toJson = (config: DecoderConfig): Record<string, unknown> => ({
  ...decoderJson(config, 'Qwen2ForCausalLM'),
  ...windowJson(config),
});

/** Qwen2 and Qwen2.5: Llama with biases on queries, keys and values (arXiv 2407.10671, §2.2.1). */
export const qwen2 = decoderArchitecture(schema, toJson);
