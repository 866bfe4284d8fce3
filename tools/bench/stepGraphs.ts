import { gradientStep, updateStep, type BatchShape, type HostBatch, type StepDefinition } from '@tether/core';
import { llama, parseModelConfig } from '@tether/model';
import { plugin as dpo } from '@tether/objective-dpo';

/** The shapes of the peer yardstick: SmolLM2-135M's, and a 15 M one. */
export const SHAPES = {
  tiny15: { hidden_size: 288, intermediate_size: 768, num_hidden_layers: 6, num_attention_heads: 6, vocab_size: 32000 },
  smol135: {
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49152,
  },
} as const;
export type ShapeName = keyof typeof SHAPES;

export interface StepOptions {
  readonly shape: ShapeName;
  readonly pairs: number;
  /** Tokens of the prompt, and of each completion. */
  readonly prompt: number;
  readonly completion: number;
  readonly rematerialize: boolean;
  readonly layers?: number;
}

/** A whole DPO step: gradients of one batch with the reference computed inline, and the AdamW update. */
export function dpoStep(options: StepOptions) {
  const { pairs, prompt, completion, rematerialize } = options;
  const config = parseModelConfig({
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    tie_word_embeddings: true,
    ...SHAPES[options.shape],
    ...(options.layers === undefined ? {} : { num_hidden_layers: options.layers }),
  });
  const model = llama(config, { rematerialize });
  const definition: StepDefinition = {
    model,
    objective: { plugin: dpo, config: dpo.config.parse({}) },
    regularizers: [],
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    maxGradNorm: 1,
    reference: 'inline',
  };
  const shape: BatchShape = {
    rows: pairs,
    rowLength: prompt + 2 * completion,
    sides: 2,
    completionLength: completion,
    viewLength: prompt + completion,
  };
  return {
    definition,
    shape,
    gradient: gradientStep(definition, shape, { continues: false, completes: true }),
    update: updateStep(definition),
  };
}

/** Full rows of arbitrary tokens: nothing is padding. */
export function syntheticBatch({ pairs, prompt, completion }: StepOptions, shape: BatchShape): HostBatch {
  const { rowLength, viewLength } = shape;
  const row = (value: (t: number, b: number) => number): Int32Array =>
    Int32Array.from({ length: pairs * rowLength }, (_, i) => value(i % rowLength, Math.floor(i / rowLength)));
  const side = (length: number, value: (t: number, s: number, b: number) => number): Int32Array =>
    Int32Array.from({ length: pairs * 2 * length }, (_, i) =>
      value(i % length, Math.floor(i / length) % 2, Math.floor(i / (2 * length))),
    );
  const start = (s: number): number => prompt + s * completion;
  const token = (t: number, b: number): number => (t * 7919 + b * 104729) % 2000;
  return {
    shape,
    tokens: row(token),
    segments: row((t) => (t < prompt ? 1 : t < prompt + completion ? 2 : 3)),
    positions: row((t) => (t < prompt + completion ? t : t - completion)),
    keyMask: row(() => 1),
    predictors: side(completion, (t, s, b) => b * rowLength + (t === 0 ? prompt - 1 : start(s) + t - 1)),
    labels: side(completion, (t, s, b) => token(start(s) + t, b)),
    completionMask: new Float32Array(pairs * 2 * completion).fill(1),
    views: side(viewLength, (t, s, b) => b * rowLength + (t < prompt ? t : start(s) + t - prompt)),
    viewMask: new Float32Array(pairs * 2 * viewLength).fill(1),
    rowWeight: new Float32Array(pairs).fill(1),
    rowNumbers: Array.from({ length: pairs }, (_, b) => b + 1),
  };
}
