import type { z } from 'zod';
import type { Architecture } from '../architectures.ts';
import { decoderParameters } from './parameters.ts';
import type { DecoderConfig } from './types.ts';

/** An architecture of the Llama family from what it does differently: reading and writing its config.json. */
export const decoderArchitecture = (
  schema: z.ZodType<DecoderConfig>,
  toJson: (config: DecoderConfig) => Record<string, unknown>,
): Architecture<DecoderConfig> => ({
  schema,
  toJson,
  parameters: decoderParameters,
  ignoredTensors: /\.rotary_emb\.inv_freq$/,
  redundantTensors: (config): Readonly<Record<string, string>> =>
    config.tieWordEmbeddings ? { 'lm_head.weight': 'model.embed_tokens.weight' } : {},
});
