import { plugin as dpo } from '@tether/objective-dpo';
import { plugin as sft } from '@tether/objective-sft';
import { plugin as simpo } from '@tether/objective-simpo';
import { plugin as kl } from '@tether/regularizer-kl';
import { createReferenceBackend } from '@tether/backend-reference';
import { names, type ObjectiveUse, type RegularizerUse } from '@tether/core';
import { describe, expect, it } from 'vitest';
import { goldenBatches } from './batch.ts';
import { CHECKPOINTS, readGolden, SKIP_REASONS } from './files.ts';
import { goldenModel } from './policy.ts';
import { definitionOf, runBatch } from './run.ts';
import { expectTensors, type TensorSummary } from './summary.ts';

interface LossGolden {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly gradients: Readonly<Record<string, TensorSummary>>;
}

/** Both sides compute in float64 with the same formulas: what remains is the order of sums. */
const FLOAT64_TOLERANCE = 1e-9;

const objective = (plugin: typeof dpo, options: object = {}): ObjectiveUse => ({
  plugin,
  config: plugin.config.parse(options),
});

const OBJECTIVES: Readonly<Record<string, ObjectiveUse>> = {
  dpo: objective(dpo, { beta: 0.1 }),
  dpo_smoothed: objective(dpo, { beta: 0.1, label_smoothing: 0.1 }),
  simpo: objective(simpo, { beta: 2, gamma_beta_ratio: 0.25 }),
  sft: objective(sft),
};

/** Golden name → estimator. */
const PENALTIES: Readonly<Record<string, string>> = {
  kl_reverse: 'reverse',
  kl_forward: 'forward',
  kl_js: 'jensen-shannon',
  kl_k1: 'k1',
  kl_k2: 'k2',
  kl_k3: 'k3',
};

const penalty = (estimator: string): RegularizerUse => ({
  key: 'kl',
  plugin: kl,
  config: kl.config.parse({ estimator }),
});

const folder = CHECKPOINTS.stories260K();
if (folder === undefined) console.warn(`skipped: ${SKIP_REASONS.stories260K}`);

describe.skipIf(folder === undefined)('losses and gradients of stories260K against PyTorch in float64', async () => {
  const model = folder === undefined ? undefined : await goldenModel(folder, 'f64');
  const backend = createReferenceBackend();
  const [batch] = goldenBatches('stories260K');

  it.each(Object.keys(OBJECTIVES))('%s', async (name) => {
    const golden = readGolden<LossGolden>(`stories260K/${name}.json`);
    const run = await runBatch(backend, model!, definitionOf(model!, OBJECTIVES[name]!, []), batch!);
    expect(run.readings['loss']).toBeCloseTo(golden.loss, 9);
    for (const [metric, value] of Object.entries(golden.metrics)) {
      expect(run.readings[metric], metric).toBeCloseTo(value, 8);
    }
    expectTensors((tensor) => run.output(names.gradient(tensor)), golden.gradients, FLOAT64_TOLERANCE);
  });

  it.each(Object.keys(PENALTIES))('%s, whose gradient is what it adds to an objective', async (name) => {
    const golden = readGolden<LossGolden>(`stories260K/${name}.json`);
    const plain = await runBatch(backend, model!, definitionOf(model!, OBJECTIVES['sft']!, []), batch!);
    const run = await runBatch(
      backend,
      model!,
      definitionOf(model!, OBJECTIVES['sft']!, [penalty(PENALTIES[name]!)]),
      batch!,
    );
    expect(run.readings['kl/penalty']).toBeCloseTo(golden.loss, 9);
    const added = (tensor: string): Float64Array => {
      const before = plain.output(names.gradient(tensor));
      return Float64Array.from(run.output(names.gradient(tensor)), (value, index) => value - before[index]!);
    };
    expectTensors(added, golden.gradients, FLOAT64_TOLERANCE);
  });
});
