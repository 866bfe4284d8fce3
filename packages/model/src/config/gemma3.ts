import { z } from 'zod';
import { checkLongRope, decoderArchitecture, layerTypes, type DecoderConfig } from './decoder/index.ts';
import { positiveInteger, positiveNumber, reportTo, unsupported, withDefault, type Report } from './fields.ts';
import { capOr, gemmaFields, gemmaJson, readGemma } from './gemma.ts';
import { readRope, ropeSource, type RopeConfig, type RopeFields, type RopeSource } from './rope/index.ts';

const GLOBAL_THETA = 1_000_000;
const LOCAL_THETA = 10_000;

const fields = z.object({
  ...gemmaFields,
  model_type: z.literal('gemma3_text'),
  max_position_embeddings: withDefault(positiveInteger, 131_072),
  final_logit_softcapping: capOr(undefined),
  attn_logit_softcapping: unsupported('capping the scores, which transformers does not do in this architecture,'),
  sliding_window_pattern: withDefault(positiveInteger, 6),
  rope_local_base_freq: positiveNumber.nullish(),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const sliding = layerTypes(raw, report, (layer) => (layer + 1) % raw.sliding_window_pattern !== 0);
  const [global, local] = ropeSources(raw);
  const rope = { theta: GLOBAL_THETA, source: global };
  const config = {
    ...readGemma('gemma3_text', raw, report, rope),
    queryKeyNorms: true,
    layers: sliding.map((isSliding) => ({
      rope: isSliding ? ('local' as const) : ('global' as const),
      window: isSliding ? raw.sliding_window : undefined,
    })),
    localRope: readLocalRope(raw, report, local),
    logitCap: raw.final_logit_softcapping,
  };
  checkLongRope(config, report);
  return config;
});

/** transformers 5 nests the options of both kinds of layers; transformers 4 scales the global ones only. */
function ropeSources(raw: RopeFields): readonly [global: RopeSource, local: RopeSource] {
  const nested = raw.rope_parameters ?? {};
  const of = (kind: string): RopeSource => ({
    path: ['rope_parameters', kind],
    raw: (nested[kind] ?? {}) as Readonly<Record<string, unknown>>, // checked by `readRope`
  });
  const [global, local] = [of('full_attention'), of('sliding_attention')];
  return [raw.rope_scaling ? ropeSource(raw) : global, local];
}

function readLocalRope(
  raw: RopeFields & { readonly rope_local_base_freq?: number | null | undefined },
  report: Report,
  source: RopeSource,
): RopeConfig {
  const rope = readRope({ ...raw, rope_theta: raw.rope_local_base_freq }, report, { theta: LOCAL_THETA, source });
  if (rope.type !== 'default') {
    report([...source.path, 'rope_type'], `"${rope.type}" is not supported for layers with a window`);
  }
  return rope;
}

const toJson = (config: DecoderConfig): Record<string, unknown> => ({
  ...gemmaJson(config, 'Gemma3ForCausalLM'),
  rope_local_base_freq: config.localRope!.theta, // by the schema
});

/** Gemma 3, text only: five layers with a window and a base of their own to one without (Gemma 3 report, arXiv 2503.19786, §2). */
export const gemma3 = decoderArchitecture(schema, toJson);
