import {
  referenceSource,
  trainingSchema,
  type EncodedRow,
  type HostArray,
  type HostBatch,
  type StepDefinition,
} from '@tether/core';
import { collate, planBuckets } from '@tether/data';
import {
  initialParameters,
  languageModel,
  loadModelConfig,
  modelParameters,
  openCheckpoint,
  parseModelConfig,
} from '@tether/model';
import { plugin as dpo } from '@tether/objective-dpo';
import { plugin as ganpo } from '@tether/regularizer-ganpo';

/** Optimizer steps that every engine makes. */
export const STEPS = 30;

/** What is trained: the 15 M shape cut to two layers with random weights, or a checkpoint. */
export type ConformanceModel = 'tiny15' | { readonly folder: string };

const TINY15_TWO_LAYERS = {
  model_type: 'llama',
  hidden_size: 288,
  intermediate_size: 768,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 6,
  vocab_size: 32000,
  max_position_embeddings: 256,
  tie_word_embeddings: true,
};

/** Tokens of a row's parts, and rows: few, since the oracle computes in plain float64 loops. */
const [ROWS, PROMPT, COMPLETION] = [2, 8, 6] as const;
const BATCHES = 3;

function tokensOf(vocabularySize: number): (length: number) => Int32Array {
  let state = 7;
  return (length) =>
    Int32Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return 3 + ((state >>> 8) % (vocabularySize - 3));
    });
}

function batchesOf(vocabularySize: number): HostBatch[] {
  const tokens = tokensOf(vocabularySize);
  return Array.from({ length: BATCHES }, (_, batch) => {
    const rows = Array.from({ length: ROWS }, (_unused, index): EncodedRow => ({
      rowNumber: batch * ROWS + index + 1,
      prompt: tokens(PROMPT - index), // lengths differ, so that there is padding
      completions: [tokens(COMPLETION), tokens(COMPLETION - index)],
    }));
    const { buckets } = planBuckets(rows, 'compact', { max_count: 1, multiple_of: 4 });
    return collate(rows, { ...buckets[0]!, rows: ROWS }, { layout: 'compact', padTokenId: 0 });
  });
}

async function modelAndWeights(model: ConformanceModel) {
  if (model === 'tiny15') {
    const config = parseModelConfig(TINY15_TWO_LAYERS);
    return { config, weights: initialParameters(config, 1) };
  }
  const { config } = await loadModelConfig(model.folder);
  const reader = await openCheckpoint(model.folder);
  const weights = new Map<string, Float32Array>();
  for (const { name } of modelParameters(config)) weights.set(name, await reader.read(name));
  await reader.close();
  return { config, weights };
}

/** DPO with GANPO, dropout of the discriminators included: its masks are the same bits on every engine. */
export async function conformanceRun(model: ConformanceModel) {
  const { config, weights } = await modelAndWeights(model);
  const plugins = {
    objective: { plugin: dpo, config: dpo.config.parse({}) },
    regularizers: [
      { key: 'ganpo', plugin: ganpo, config: ganpo.config.parse({ width: 32, heads: 4, max_positions: 64 }) },
    ],
  };
  const definition: StepDefinition = {
    ...plugins,
    model: languageModel(config),
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    maxGradNorm: 1,
    reference: referenceSource(plugins, false),
  };
  const batches = batchesOf(config.vocabSize);
  return {
    definition,
    settings: trainingSchema.parse({ learning_rate: 1e-4, lr_scheduler_type: 'constant' }),
    totalSteps: STEPS,
    penaltyWeights: [{ weight: 1, schedule: { start: 1, end: 1, delay: 0 } }],
    batches: {
      stepsPerEpoch: BATCHES,
      microBatches: (step: number): HostBatch[] => [batches[step % BATCHES]!],
      everyRow: () => batches,
    },
    weights: weights as Map<string, HostArray>,
  };
}
