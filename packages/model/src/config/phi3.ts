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
import {
  paddingIdOr,
  positiveInteger,
  positiveNumber,
  reportTo,
  supported,
  tokenIdListOr,
  tokenIdOr,
  windowOr,
  withDefault,
} from './fields.ts';
import { ropeSource } from './rope/index.ts';

const fraction = positiveNumber.max(1);

const fields = z.object({
  ...decoderFields,
  model_type: z.literal('phi3'),
  max_position_embeddings: withDefault(positiveInteger, 4096),
  original_max_position_embeddings: withDefault(positiveInteger, 4096),
  rms_norm_eps: withDefault(positiveNumber, 1e-5),
  partial_rotary_factor: fraction.nullish(),
  resid_pdrop: withDefault(supported(0), 0),
  embd_pdrop: withDefault(supported(0), 0),
  sliding_window: windowOr(undefined),
  bos_token_id: tokenIdOr(1),
  eos_token_id: tokenIdListOr(32_000),
  pad_token_id: paddingIdOr(32_000),
});

const schema = fields.transform((raw, context): DecoderConfig => {
  const report = reportTo(context);
  const base = readDecoder('phi3', raw, report, {
    partial: true,
    aliases: { su: 'longrope', yarn: 'longrope' }, // as transformers reads them here
    originalMaxPositions: raw.original_max_position_embeddings,
  });
  const part = fraction.nullish().safeParse(ropeSource(raw).raw['partial_rotary_factor']).data;
  const rotaryDim = Math.trunc(base.headDim * (part ?? raw.partial_rotary_factor ?? 1));
  if (rotaryDim % 2 !== 0 || rotaryDim === 0) {
    report(
      ['partial_rotary_factor'],
      `turns ${rotaryDim} of ${base.headDim} dimensions, but RoPE turns dimensions in pairs`,
    );
  }
  const config = {
    ...base,
    rotaryDim,
    fusedProjections: true,
    layers: equalLayers(raw.num_hidden_layers, { rope: 'global', window: raw.sliding_window }),
  };
  if (!['default', 'longrope'].includes(config.rope.type)) {
    report(['rope_scaling', 'rope_type'], `"${config.rope.type}" is not supported (supported: "default", "longrope")`);
  }
  checkLongRope(config, report);
  return config;
});

const toJson = (config: DecoderConfig): Record<string, unknown> => ({
  ...decoderJson(config, 'Phi3ForCausalLM'),
  original_max_position_embeddings:
    config.rope.type === 'longrope' ? config.rope.originalMaxPositionEmbeddings : config.maxPositionEmbeddings,
  partial_rotary_factor: config.rotaryDim / config.headDim,
  sliding_window: config.layers[0]!.window ?? null,
});

/** Phi-3 and Phi-4-mini: Llama whose projections are fused, with LongRoPE for long contexts (arXiv 2404.14219, §2). */
export const phi3 = decoderArchitecture(schema, toJson);
