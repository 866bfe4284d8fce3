import { plugin as dpo } from '@tether/objective-dpo';
import { plugin as sft } from '@tether/objective-sft';
import { plugin as simpo } from '@tether/objective-simpo';
import { plugin as kl } from '@tether/regularizer-kl';
import { constant } from '@tether/graph';
import {
  defineObjective,
  names,
  type Backend,
  type HostBatch,
  type ObjectiveUse,
  type RegularizerUse,
} from '@tether/core';
import { expect } from 'vitest';
import { z } from 'zod';
import { readGolden, type CheckpointName } from './files.ts';
import type { GoldenModel } from './policy.ts';
import { definitionOf, runBatch, type GoldenRun } from './run.ts';
import { expectTensors, type ErrorRule, type TensorSummary } from './summary.ts';

interface LossGolden {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly gradients: Readonly<Record<string, TensorSummary>>;
}

const objective = (plugin: typeof dpo, options: object = {}): ObjectiveUse => ({
  plugin,
  config: plugin.config.parse(options),
});

/** Golden name → objective. */
export const OBJECTIVES: Readonly<Record<string, ObjectiveUse>> = {
  dpo: objective(dpo, { beta: 0.1 }),
  dpo_smoothed: objective(dpo, { beta: 0.1, label_smoothing: 0.1 }),
  simpo: objective(simpo, { beta: 2, gamma_beta_ratio: 0.25 }),
  sft: objective(sft),
};

const penalty = (estimator: string): RegularizerUse => ({
  key: 'kl',
  plugin: kl,
  config: kl.config.parse({ estimator }),
});

/** Golden name → penalty. */
export const PENALTIES: Readonly<Record<string, RegularizerUse>> = {
  kl_reverse: penalty('reverse'),
  kl_forward: penalty('forward'),
  kl_js: penalty('jensen-shannon'),
  kl_k1: penalty('k1'),
  kl_k2: penalty('k2'),
  kl_k3: penalty('k3'),
};

/** An objective of 0, so that a penalty's gradient stands alone. */
const SILENT: ObjectiveUse = {
  plugin: defineObjective({
    name: 'silent',
    description: 'a loss of 0',
    config: z.strictObject({}),
    needs: () => ['rejected'],
    loss: () => ({ loss: constant(0) }),
  }),
  config: {},
};

export interface GoldenCase {
  readonly backend: Backend;
  readonly checkpoint: CheckpointName;
  readonly model: GoldenModel;
  readonly batch: HostBatch;
  /** Of values relative to 1 or the value; of gradients as it says. */
  readonly rule: ErrorRule;
}

function expectNear(actual: number | undefined, golden: number, tolerance: number, name: string): void {
  expect(Math.abs((actual ?? NaN) - golden), name).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(golden)));
}

export const runObjective = (
  name: string,
  backend: Backend,
  model: GoldenModel,
  batch: HostBatch,
): Promise<GoldenRun> => runBatch(backend, model, definitionOf(model, OBJECTIVES[name]!, []), batch);

/** A penalty alone: the gradient of a run whose objective counts nothing. */
export const runPenalty = (name: string, backend: Backend, model: GoldenModel, batch: HostBatch): Promise<GoldenRun> =>
  runBatch(backend, model, definitionOf(model, SILENT, [PENALTIES[name]!]), batch);

/** Checks an objective's loss, metrics and gradients; returns the largest gradient error. */
export async function checkObjective(
  name: string,
  { backend, checkpoint, model, batch, rule }: GoldenCase,
): Promise<number> {
  const golden = readGolden(`${checkpoint}/${name}.json`) as LossGolden;
  const run = await runObjective(name, backend, model, batch);
  expectNear(run.readings['loss'], golden.loss, rule.tolerance, 'loss');
  for (const [metric, value] of Object.entries(golden.metrics))
    expectNear(run.readings[metric], value, rule.tolerance, metric);
  return expectTensors((tensor) => run.output(names.gradient(tensor)), golden.gradients, rule);
}

/** Checks a penalty and its gradient; returns the largest gradient error. */
export async function checkPenalty(
  name: string,
  { backend, checkpoint, model, batch, rule }: GoldenCase,
): Promise<number> {
  const golden = readGolden(`${checkpoint}/${name}.json`) as LossGolden;
  const run = await runPenalty(name, backend, model, batch);
  expectNear(run.readings['kl/penalty'], golden.loss, rule.tolerance, 'penalty');
  return expectTensors((tensor) => run.output(names.gradient(tensor)), golden.gradients, rule);
}
