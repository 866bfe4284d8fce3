import type { z } from 'zod';
import { markFloats } from '../checkpoint/jsonText.ts';
import type { DecoderConfig, DecoderType } from './decoder/index.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3 } from './gemma3.ts';
import { gpt2, type Gpt2Config } from './gpt2.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import type { ParameterSpec } from './parameters.ts';
import { phi3 } from './phi3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { smollm3 } from './smollm3.ts';

/** What is known about one `model_type`. A new architecture is a file with such a record and a line in ARCHITECTURES. */
export interface Architecture<C> {
  /** From the contents of config.json, which name this model_type, to the typed config. */
  readonly schema: z.ZodType<C>;
  /** Every parameter of the model in the order of the forward pass. */
  readonly parameters: (config: C) => ParameterSpec[];
  /** The config.json of a model that was not loaded from a folder. */
  readonly toJson: (config: C) => Record<string, unknown>;
  /** Tensors that old checkpoints carry although they can be computed. */
  readonly ignoredTensors: RegExp;
  /** Tensors that a checkpoint may hold a second time: name → the parameter that it must equal. */
  readonly redundantTensors: (config: C) => Readonly<Record<string, string>>;
}

export type ModelConfig = DecoderConfig | Gpt2Config;
export type ModelType = ModelConfig['modelType'];

type ConfigOf<T extends ModelType> = T extends DecoderType ? DecoderConfig : Gpt2Config;

export const ARCHITECTURES: { readonly [T in ModelType]: Architecture<ConfigOf<T>> } = {
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma2,
  gemma3_text: gemma3,
  phi3,
  smollm3,
  gpt2,
};

export const MODEL_TYPES = Object.keys(ARCHITECTURES) as readonly ModelType[];

/** The architecture of a config. */
export const architectureOf = (config: ModelConfig): Architecture<ModelConfig> =>
  ARCHITECTURES[config.modelType] as Architecture<ModelConfig>; // the table gives the one of this very config

/** Every parameter of a model of any supported architecture. */
export const modelParameters = (config: ModelConfig): ParameterSpec[] => architectureOf(config).parameters(config);

/** Fields that transformers wants as floats, also where they are whole. */
const FLOATS = [
  ...['initializer_range', 'rms_norm_eps', 'layer_norm_epsilon', 'final_logit_softcapping', 'attn_logit_softcapping'],
  ...['rope_theta', 'rope_local_base_freq'],
];
const ROPE_FLOATS = ['factor', 'attention_factor', 'low_freq_factor', 'high_freq_factor', 'beta_fast', 'beta_slow'];

/** The config.json of a model of any supported architecture. */
export function modelConfigJson(config: ModelConfig): Record<string, unknown> {
  const json = markFloats(architectureOf(config).toJson(config), FLOATS);
  const rope = json['rope_scaling'];
  if (typeof rope === 'object' && rope !== null) markFloats(rope as Record<string, unknown>, ROPE_FLOATS);
  return json;
}
