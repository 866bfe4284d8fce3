import { input, sizeOf, uniformNumbers, type Tensor } from '@tether/graph';
import type { LanguageModel, Parameters } from '@tether/core';
import { parseModelConfig, type ModelConfig } from '../config/index.ts';

/** A model small enough for the interpreter, with grouped heads and an untied head. */
export const smallConfig = (changes: Readonly<Record<string, unknown>> = {}): ModelConfig =>
  parseModelConfig({
    model_type: 'llama',
    vocab_size: 13,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 64,
    ...changes,
  });

export const parameterInputs = (model: LanguageModel): Parameters =>
  Object.fromEntries(model.parameters.map(({ name, shape }): [string, Tensor] => [name, input(name, 'f32', shape)]));

/** Random values for every parameter, large enough that attention is far from uniform. */
export const randomWeights = (model: LanguageModel, seed: number): Record<string, Float64Array> =>
  Object.fromEntries(
    model.parameters.map(({ name, shape }, index) => [name, uniformNumbers(sizeOf(shape), seed + index, -1, 1)]),
  );

const SIZES = {
  vocab_size: 13,
  hidden_size: 8,
  intermediate_size: 10,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
};
const GEMMA = { head_dim: 4, query_pre_attn_scalar: 5, sliding_window: 3 };
const LONGROPE = { rope_type: 'longrope', short_factor: [1], long_factor: [5] };

/** One small config of every architecture, with windows, caps and scaled positions that short rows already meet. */
export const SMALL_ARCHITECTURES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  llama: { ...SIZES, model_type: 'llama', attention_bias: true, mlp_bias: true, tie_word_embeddings: true },
  mistral: { ...SIZES, model_type: 'mistral', sliding_window: 3 },
  qwen2: { ...SIZES, model_type: 'qwen2', use_sliding_window: true, sliding_window: 3, max_window_layers: 1 },
  qwen3: { ...SIZES, model_type: 'qwen3', head_dim: 4 },
  gemma2: { ...SIZES, ...GEMMA, model_type: 'gemma2', attn_logit_softcapping: 2, final_logit_softcapping: 3 },
  gemma3: { ...SIZES, ...GEMMA, model_type: 'gemma3_text', sliding_window_pattern: 2 },
  phi3: { ...SIZES, model_type: 'phi3', sliding_window: 3 },
  'phi3, LongRoPE': {
    ...SIZES,
    model_type: 'phi3',
    hidden_size: 16,
    partial_rotary_factor: 0.5,
    original_max_position_embeddings: 6,
    rope_scaling: LONGROPE,
  },
  smollm3: { ...SIZES, model_type: 'smollm3', no_rope_layer_interval: 2, use_sliding_window: true, sliding_window: 3 },
  gpt2: { model_type: 'gpt2', vocab_size: 13, n_embd: 8, n_layer: 2, n_head: 2, n_positions: 64 },
};
