import { z } from 'zod';
import {
  checkLongRope,
  checkWindow,
  decoderArchitecture,
  decoderFields,
  decoderJson,
  layerTypes,
  layerTypesField,
  layerTypesJson,
  readDecoder,
  type DecoderConfig,
} from './decoder/index.ts';
import { paddingIdOr, positiveInteger, reportTo, tokenIdListOr, tokenIdOr, windowOr, withDefault } from './fields.ts';

const DEFAULT_THETA = 2_000_000;

const fields = z.object({
  ...decoderFields,
  model_type: z.literal('smollm3'),
  max_position_embeddings: withDefault(positiveInteger, 32_768),
  num_key_value_heads: withDefault(positiveInteger, 4),
  tie_word_embeddings: withDefault(z.boolean(), true),
  attention_bias: withDefault(z.boolean(), false),
  mlp_bias: withDefault(z.boolean(), false),
  no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
  no_rope_layer_interval: withDefault(positiveInteger, 4),
  use_sliding_window: withDefault(z.boolean(), false),
  sliding_window: windowOr(undefined),
  layer_types: layerTypesField,
  bos_token_id: tokenIdOr(128_000),
  eos_token_id: tokenIdListOr(128_001),
  pad_token_id: paddingIdOr(128_004),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const count = raw.num_hidden_layers;
  if (raw.no_rope_layers && raw.no_rope_layers.length < count) {
    report(['no_rope_layers'], `has ${raw.no_rope_layers.length} entries for ${count} layers`);
  }
  const turns = (layer: number): boolean =>
    raw.no_rope_layers ? raw.no_rope_layers[layer] === 1 : (layer + 1) % raw.no_rope_layer_interval !== 0;
  const window = raw.use_sliding_window ? raw.sliding_window : undefined;
  const sliding = layerTypes(raw, report, (layer) => window !== undefined && !turns(layer));
  checkWindow(sliding, window, report);
  const config = {
    ...readDecoder('smollm3', raw, report, { theta: DEFAULT_THETA }),
    layers: sliding.map((isSliding, layer) => ({
      rope: turns(layer) ? ('global' as const) : ('none' as const),
      window: isSliding ? window : undefined,
    })),
    attentionBias: raw.attention_bias,
    outputBias: raw.attention_bias,
    mlpBias: raw.mlp_bias,
  };
  checkLongRope(config, report);
  return config;
});

function toJson(config: DecoderConfig): Record<string, unknown> {
  const window = config.layers.find((layer) => layer.window !== undefined)?.window;
  return {
    ...decoderJson(config, 'SmolLM3ForCausalLM'),
    attention_bias: config.attentionBias,
    mlp_bias: config.mlpBias,
    no_rope_layers: config.layers.map(({ rope }) => (rope === 'none' ? 0 : 1)),
    use_sliding_window: window !== undefined,
    sliding_window: window ?? null,
    layer_types: layerTypesJson(config.layers),
  };
}

/** SmolLM3: Llama of which every fourth layer turns no heads (NoPE, arXiv 2501.18795). */
export const smollm3 = decoderArchitecture(schema, toJson);
