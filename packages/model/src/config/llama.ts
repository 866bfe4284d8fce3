import { z } from 'zod';
import {
  checkLongRope,
  decoderArchitecture,
  decoderFields,
  decoderJson,
  readDecoder,
  type DecoderConfig,
} from './decoder/index.ts';
import { reportTo, withDefault } from './fields.ts';

const fields = z.object({
  ...decoderFields,
  model_type: z.literal('llama'),
  attention_bias: withDefault(z.boolean(), false),
  mlp_bias: withDefault(z.boolean(), false),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const config = {
    ...readDecoder('llama', raw, report),
    attentionBias: raw.attention_bias,
    outputBias: raw.attention_bias,
    mlpBias: raw.mlp_bias,
  };
  checkLongRope(config, report);
  return config;
});

const toJson = (config: DecoderConfig): Record<string, unknown> => ({
  ...decoderJson(config, 'LlamaForCausalLM'),
  attention_bias: config.attentionBias,
  mlp_bias: config.mlpBias,
});

/** Llama 1, 2, 3 and 3.1 onwards, and what is built like them (SmolLM and SmolLM2, for example). */
export const llama = decoderArchitecture(schema, toJson);
