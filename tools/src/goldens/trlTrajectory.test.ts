import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import {
  referenceSource,
  Trainer,
  trainingSchema,
  type EncodedRow,
  type HostBatch,
  type StepDefinition,
} from '@tether/core';
import { collate, planBuckets } from '@tether/data';
import { languageModel, loadModelConfig, modelParameters, openCheckpoint } from '@tether/model';
import { plugin as dpo } from '@tether/objective-dpo';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKPOINTS, hasGolden, readGolden, SKIP_REASONS, type CheckpointName } from './files.ts';

interface TrlTrajectory {
  readonly trl: string;
  readonly beta: number;
  readonly learning_rate: number;
  readonly batch: number;
  readonly rows: readonly {
    readonly prompt: readonly number[];
    readonly chosen: readonly number[];
    readonly rejected: readonly number[];
  }[];
  readonly steps: readonly Readonly<
    Record<'loss' | 'rewards/margins' | 'rewards/chosen' | 'rewards/rejected' | 'grad_norm', number>
  >[];
}

/** Of values relative to 1, where they are smaller. Both sides compute in float32, and what rounding did to a step every later step carries on. */
const TOLERANCE = 1e-3;

/** Of a larger checkpoint, whose trajectory is not committed: a file made by `tools/goldens/trl_trajectory.py`. */
const OTHER_FILES: Readonly<Record<CheckpointName, string | undefined>> = {
  stories260K: undefined,
  smollm2: process.env['TETHER_TRL_TRAJECTORY'],
};

function trajectoryOf(checkpoint: CheckpointName): TrlTrajectory | undefined {
  const name = `${checkpoint}/trl_trajectory.json`;
  if (hasGolden(name)) return readGolden(name) as TrlTrajectory;
  const file = OTHER_FILES[checkpoint];
  if (file === undefined || !existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as TrlTrajectory;
}

function batchesOf({ rows, batch }: TrlTrajectory): HostBatch[] {
  return Array.from({ length: rows.length / batch }, (_, step) => {
    const own = rows.slice(step * batch, (step + 1) * batch).map(({ prompt, chosen, rejected }, index): EncodedRow => ({
      rowNumber: step * batch + index + 1,
      prompt: Int32Array.from(prompt),
      completions: [Int32Array.from(chosen), Int32Array.from(rejected)],
    }));
    const { buckets } = planBuckets(own, 'compact', { max_count: 1, multiple_of: 64 });
    return collate(own, { ...buckets[0]!, rows: batch }, { layout: 'compact', padTokenId: 0 });
  });
}

async function train(folder: string, trajectory: TrlTrajectory): Promise<Readonly<Record<string, number>>[]> {
  const { config } = await loadModelConfig(folder);
  const reader = await openCheckpoint(folder);
  const weights = new Map<string, Float32Array>();
  for (const { name } of modelParameters(config)) weights.set(name, await reader.read(name));
  await reader.close();
  const plugins = { objective: { plugin: dpo, config: dpo.config.parse({ beta: trajectory.beta }) }, regularizers: [] };
  const definition: StepDefinition = {
    ...plugins,
    model: languageModel(config),
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    maxGradNorm: 1,
    reference: referenceSource(plugins, false),
  };
  const backend = await onnxruntime.create(onnxruntime.config.parse({}));
  const batches = batchesOf(trajectory);
  const trainer = await Trainer.create({
    backend,
    definition,
    settings: trainingSchema.parse({ learning_rate: trajectory.learning_rate, lr_scheduler_type: 'constant' }),
    totalSteps: batches.length,
    penaltyWeights: [],
    batches: { stepsPerEpoch: batches.length, microBatches: (step) => [batches[step]!], everyRow: () => batches },
    weights,
  });
  const readings: Readonly<Record<string, number>>[] = [];
  for (let step = 0; step < batches.length; step++) readings.push((await trainer.step(step)).readings);
  await trainer.dispose();
  await backend.dispose();
  return readings;
}

describe.each(['stories260K', 'smollm2'] as const)('%s', (checkpoint) => {
  it('follows TRL’s trainer, on the same tokens in the same order, step by step', async (context) => {
    const folder = CHECKPOINTS[checkpoint]();
    const trajectory = trajectoryOf(checkpoint);
    if (folder === undefined) return context.skip(SKIP_REASONS[checkpoint]);
    if (trajectory === undefined) return context.skip('no trajectory: set TETHER_TRL_TRAJECTORY to its file');
    const readings = await train(folder, trajectory);
    const worst: Record<string, number> = {};
    trajectory.steps.forEach((step, index) => {
      for (const [name, value] of Object.entries(step)) {
        const scale = Math.max(1, Math.abs(value));
        worst[name] = Math.max(worst[name] ?? 0, Math.abs(readings[index]![name]! - value) / scale);
      }
    });
    const errors = Object.entries(worst).map(([name, error]) => `${name} ${error.toExponential(1)}`);
    console.info(`${checkpoint}: ${readings.length} steps against TRL ${trajectory.trl}: ${errors.join(', ')}`);
    for (const [name, error] of Object.entries(worst)) expect(error, name).toBeLessThanOrEqual(TOLERANCE);
  }, 3_600_000);
});
