import {
  referenceSource,
  Trainer,
  trainingSchema,
  type BackendPlugin,
  type EncodedRow,
  type HostBatch,
  type RegularizerUse,
  type StepDefinition,
} from '@tether/core';
import { captureSources } from '@tether/graph';
import { collate, planBuckets } from '@tether/data';
import {
  initialAdapter,
  initialParameters,
  languageModel,
  loraConfig,
  loraSchema,
  parseModelConfig,
} from '@tether/model';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { planStep, totalBytes } from '../plan/stepPlan.ts';
import { serveTask } from '../run/inChild.ts';
import { peakMemoryBytes } from '../run/machine.ts';
import { RunError } from '../run/prepare.ts';
import { randomTokens } from './randomTokens.ts';
import { SHAPES } from './shapes.ts';
import type { Measurement, StepWork } from './work.ts';

function batchesOf({ pairs, prompt, completion, steps }: StepWork): HostBatch[] {
  const tokens = randomTokens(1);
  return Array.from({ length: steps }, (_, step) => {
    const rows = Array.from({ length: pairs }, (_unused, index): EncodedRow => ({
      rowNumber: step * pairs + index + 1,
      prompt: tokens(prompt),
      completions: [tokens(completion), tokens(completion)],
    }));
    const { buckets } = planBuckets(rows, 'compact', { max_count: 1, multiple_of: 16 });
    return collate(rows, { ...buckets[0]!, rows: pairs }, { layout: 'compact', padTokenId: 0 });
  });
}

/** Options of a backend that make it trace, with every operation traced to its line from now on. */
function profilingOptions({ name, profiling }: BackendPlugin, folder: string): Readonly<Record<string, unknown>> {
  if (profiling === undefined) throw new RunError(`backend ${name} cannot tell what its time goes into`);
  captureSources(true);
  return profiling.options(folder);
}

async function measure(work: StepWork): Promise<Measurement> {
  const registry = new PluginRegistry(process.cwd());
  const dpo = await registry.get('objective', 'dpo');
  const regularizers: RegularizerUse[] = [];
  for (const name of work.regularizers) {
    const plugin = await registry.get('regularizer', name);
    regularizers.push({ key: name, plugin, config: plugin.config.parse({}) });
  }
  const plugins = { objective: { plugin: dpo, config: dpo.config.parse({}) }, regularizers };
  const config = parseModelConfig(SHAPES[work.shape], work.shape);
  const lora = work.lora === 0 ? undefined : loraConfig(loraSchema.parse({ rank: work.lora }));
  const model = languageModel(config, { rematerialize: work.rematerialize, lora });
  const definition: StepDefinition = {
    ...plugins,
    model,
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    maxGradNorm: 1,
    reference: referenceSource(plugins, work.precompute),
  };
  const batches = batchesOf(work);
  const plugin = await registry.get('backend', work.engine.backend);
  const profiling = work.profile === undefined ? {} : profilingOptions(plugin, work.profile);
  const backend = await plugin.create(plugin.config.parse({ ...work.engine.options, ...profiling }));
  const weights = initialParameters(config, 1);
  if (lora !== undefined) {
    for (const [name, values] of initialAdapter(model.referenceParameters, lora, 1, weights)) weights.set(name, values);
  }
  const start = performance.now();
  const trainer = await Trainer.create({
    backend,
    definition,
    settings: trainingSchema.parse({ learning_rate: 1e-5 }),
    totalSteps: work.steps,
    penaltyWeights: regularizers.map(() => ({ weight: 1, schedule: { start: 1, end: 1, delay: 0 } })),
    batches: { stepsPerEpoch: work.steps, microBatches: (step) => [batches[step]!], everyRow: () => batches },
    weights,
  });
  weights.clear(); // the device has them
  const stepSeconds: number[] = [];
  let firstStepSeconds = NaN;
  let loss = NaN;
  for (let step = 0; step < work.steps; step++) {
    const before = performance.now();
    const { readings } = await trainer.step(step);
    stepSeconds.push((performance.now() - before) / 1000);
    if (step > 0) continue;
    firstStepSeconds = (performance.now() - start) / 1000;
    loss = readings['loss'] ?? NaN;
  }
  const { description } = backend;
  await trainer.dispose();
  await backend.dispose(); // writes the profile, where one was asked for
  const peak = peakMemoryBytes(); // before the plan is made, which takes memory of its own
  const planned =
    plugin.peakIntermediateBytes === undefined
      ? {}
      : { plannedMemoryBytes: totalBytes(planStep(definition, batches[0]!.shape, plugin).parts) };
  return { description, stepSeconds, firstStepSeconds, peakMemoryBytes: peak, loss, ...planned };
}

serveTask(measure);
