import { z } from 'zod';
import { checkLongRope, decoderArchitecture, layerTypes, type DecoderConfig } from './decoder/index.ts';
import { positiveInteger, reportTo, withDefault } from './fields.ts';
import { capOr, gemmaFields, gemmaJson, readGemma } from './gemma.ts';

const fields = z.object({
  ...gemmaFields,
  model_type: z.literal('gemma2'),
  max_position_embeddings: withDefault(positiveInteger, 8192),
  final_logit_softcapping: capOr(30),
  attn_logit_softcapping: capOr(50),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const sliding = layerTypes(raw, report, (layer) => layer % 2 === 0);
  const config = {
    ...readGemma('gemma2', raw, report, {}),
    layers: sliding.map((isSliding) => ({
      rope: 'global' as const,
      window: isSliding ? raw.sliding_window : undefined,
    })),
    attentionCap: raw.attn_logit_softcapping,
    logitCap: raw.final_logit_softcapping,
  };
  checkLongRope(config, report);
  return config;
});

const toJson = (config: DecoderConfig): Record<string, unknown> => ({
  ...gemmaJson(config, 'Gemma2ForCausalLM'),
  attn_logit_softcapping: config.attentionCap ?? null,
});

/** Gemma 2: every other layer attends within a window, scores and logits are capped (arXiv 2408.00118, §2). */
export const gemma2 = decoderArchitecture(schema, toJson);
