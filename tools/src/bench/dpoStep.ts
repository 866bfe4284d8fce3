/**
 * One DPO training run on random weights: seconds per optimizer step and peak memory, as one line of JSON.
 *
 * node --conditions=@tether/source tools/src/bench/dpoStep.ts [--shape smol135|tiny15] [--pairs 4] [--prompt 128]
 *   [--completion 128] [--steps 6] [--regularizer none|kl|ganpo] [--precompute]
 */
import { parseArgs } from 'node:util';
import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import {
  referenceSource,
  Trainer,
  trainingSchema,
  type EncodedRow,
  type Regularizer,
  type StepDefinition,
} from '@tether/core';
import { collate, planBuckets } from '@tether/data';
import { llama, modelParameters, parseModelConfig } from '@tether/model';
import { plugin as dpo } from '@tether/objective-dpo';
import { plugin as ganpo } from '@tether/regularizer-ganpo';
import { plugin as kl } from '@tether/regularizer-kl';
import { plugin as none } from '@tether/regularizer-none';

const SHAPES: Readonly<Record<string, object>> = {
  smol135: {
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49152,
  },
  tiny15: {
    hidden_size: 288,
    intermediate_size: 768,
    num_hidden_layers: 6,
    num_attention_heads: 6,
    num_key_value_heads: 6,
    vocab_size: 32000,
  },
};
const REGULARIZERS: Readonly<Record<string, Regularizer>> = { none, kl, ganpo };
const WARM_UP = 2;

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string', default: 'smol135' },
    pairs: { type: 'string', default: '4' },
    prompt: { type: 'string', default: '128' },
    completion: { type: 'string', default: '128' },
    steps: { type: 'string', default: '6' },
    regularizer: { type: 'string', default: 'none' },
    precompute: { type: 'boolean', default: false },
    rematerialize: { type: 'boolean', default: false },
  },
});
const [pairs, prompt, completion, steps] = [options.pairs, options.prompt, options.completion, options.steps].map(
  Number,
) as [number, number, number, number];

/** A cheap sequence of pseudo-random numbers in [−1, 1): timings do not depend on good ones. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

const config = parseModelConfig({
  model_type: 'llama',
  tie_word_embeddings: true,
  max_position_embeddings: 2048,
  ...SHAPES[options.shape],
});
const random = noise(1);
const weights = new Map(
  modelParameters(config).map(({ name, shape, initial }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (initial === 'ones') data.fill(1);
    else for (let index = 0; index < data.length; index++) data[index] = 0.035 * random();
    return [name, data];
  }),
);
const token = (): number => 4 + Math.floor(Math.abs(random()) * 2000);
const tokens = (length: number): Int32Array => Int32Array.from({ length }, token);
const batches = Array.from({ length: steps }, () => {
  const rows = Array.from({ length: pairs }, (_, index): EncodedRow => ({
    rowNumber: index + 1,
    prompt: tokens(prompt),
    completions: [tokens(completion), tokens(completion)],
  }));
  const { buckets } = planBuckets(rows, 'compact', { max_count: 1, multiple_of: 16 });
  return collate(rows, { ...buckets[0]!, rows: pairs }, { layout: 'compact', padTokenId: 0 });
});

const regularizer = REGULARIZERS[options.regularizer];
if (regularizer === undefined) throw new Error(`--regularizer is one of ${Object.keys(REGULARIZERS).join(', ')}`);
const plugins = {
  objective: { plugin: dpo, config: dpo.config.parse({}) },
  regularizers: [{ key: regularizer.name, plugin: regularizer, config: regularizer.config.parse({}) }],
};
const definition: StepDefinition = {
  ...plugins,
  model: llama(config, { rematerialize: options.rematerialize }),
  optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  maxGradNorm: 1,
  reference: referenceSource(plugins, options.precompute),
};
const backend = await onnxruntime.create(onnxruntime.config.parse({}));
const started = performance.now();
const trainer = await Trainer.create({
  backend,
  definition,
  settings: trainingSchema.parse({ learning_rate: 1e-5 }),
  totalSteps: steps,
  penaltyWeights: [{ weight: 1, schedule: { start: 1, end: 1, delay: 0 } }],
  batches: { stepsPerEpoch: steps, microBatches: (step) => [batches[step]!], everyRow: () => batches.slice(0, 1) },
  weights,
});
weights.clear();
const times: number[] = [];
let firstStep = 0;
for (let step = 0; step < steps; step++) {
  const start = performance.now();
  await trainer.step(step);
  times.push((performance.now() - start) / 1000);
  if (step === 0) firstStep = (performance.now() - started) / 1000;
}
const warm = times.slice(WARM_UP).toSorted((a, b) => a - b);
console.log(
  JSON.stringify({
    shape: options.shape,
    regularizer: options.regularizer,
    pairs,
    step_s: Number(warm[Math.floor(warm.length / 2)]!.toFixed(3)),
    first_step_s: Number(firstStep.toFixed(1)),
    rss_mib: Math.round(process.resourceUsage().maxRSS / 1024),
    backend: backend.description,
  }),
);
