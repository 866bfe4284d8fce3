import { createReferenceBackend } from '@tether/backend-reference';
import { names, Trainer, trainingSchema, type Backend, type HostArray, type HostBatch } from '@tether/core';
import { plugin as dpo } from '@tether/objective-dpo';
import { describe, expect, it } from 'vitest';
import { goldenBatches } from './batch.ts';
import { ganpoUse, networkValues, ourName, type DiscriminatorGolden } from './discriminators.ts';
import { CHECKPOINTS, readGolden, SKIP_REASONS } from './files.ts';
import { goldenModel, type GoldenModel } from './policy.ts';
import { definitionOf, runBatch } from './run.ts';
import { expectTensors, type TensorSummary } from './summary.ts';

type PerNetwork<T> = Readonly<Record<'plus' | 'minus', T>>;
type Summaries = Readonly<Record<string, TensorSummary>>;

interface BatchGolden extends DiscriminatorGolden {
  readonly running_means: PerNetwork<Readonly<Record<string, number>>>;
  readonly discriminator_losses: PerNetwork<number>;
  readonly power_iteration_vectors_after: PerNetwork<Summaries>;
  readonly discriminator_gradients: PerNetwork<Summaries>;
  readonly policy: { readonly ganpo_loss: number; readonly loss: number };
  readonly total_gradients: Summaries;
}

interface TrajectoryGolden extends DiscriminatorGolden {
  readonly start: 'perturbed' | 'checkpoint';
  readonly steps: readonly {
    readonly batch: number;
    readonly running_means: PerNetwork<Readonly<Record<string, number>>>;
    readonly d_plus_loss: number;
    readonly d_minus_loss: number;
    readonly loss: number;
    readonly dpo_loss: number;
    readonly ganpo_loss: number;
    readonly grad_norm: number;
  }[];
  readonly final_policy: Summaries;
}

/** Both sides compute in float64 with the same formulas: what remains is the order of sums. */
const FLOAT64_TOLERANCE = 1e-9;

const objective = { plugin: dpo, config: dpo.config.parse({ beta: 0.1 }) };
const folder = CHECKPOINTS.stories260K();
if (folder === undefined) console.warn(`skipped: ${SKIP_REASONS.stories260K}`);

/** The goldens' twenty steps: three batches in turn, constant learning rate, clipping at 1. */
async function trainOnGoldenBatches(backend: Backend, model: GoldenModel, golden: TrajectoryGolden): Promise<Trainer> {
  const batches = goldenBatches('stories260K');
  const trainer = await Trainer.create({
    backend,
    definition: definitionOf(model, objective, [ganpoUse(golden)]),
    settings: trainingSchema.parse({ learning_rate: 1e-4, lr_scheduler_type: 'constant' }),
    totalSteps: golden.steps.length,
    penaltyWeights: [{ weight: 1, schedule: { start: 1, end: 1, delay: 0 } }],
    weights: golden.start === 'perturbed' ? model.policy : model.reference,
    referenceWeights: model.reference,
    batches: {
      stepsPerEpoch: batches.length,
      microBatches: (step): HostBatch[] => [batches[golden.steps[step]!.batch]!],
      everyRow: () => batches,
    },
  });
  for (const [name, tensor] of networkValues(golden)) await trainer.state.upload(name, tensor);
  return trainer;
}

describe.skipIf(folder === undefined)('GANPO on stories260K against PyTorch in float64', async () => {
  const model = folder === undefined ? undefined : await goldenModel(folder, 'f64');
  const backend = createReferenceBackend();

  it.each(['ganpo_masked', 'ganpo_published'])('%s: scores, means, losses and every gradient', async (name) => {
    const golden = readGolden<BatchGolden>(`stories260K/${name}.json`);
    const [batch] = goldenBatches('stories260K', golden.discriminator.pooling === 'published' ? 'padded' : 'compact');
    const definition = definitionOf(model!, objective, [ganpoUse(golden)]);
    const run = await runBatch(backend, model!, definition, batch!, networkValues(golden));
    for (const network of ['plus', 'minus'] as const) {
      expect(run.readings[`ganpo/${network}/loss`], network).toBeCloseTo(golden.discriminator_losses[network], 9);
      for (const [mean, value] of Object.entries(golden.running_means[network])) {
        expect(run.readings[`ganpo/${network}/mean/${mean}`], `${network} ${mean}`).toBeCloseTo(value, 9);
      }
      const part =
        (kind: string) =>
        (tensor: string): HostArray =>
          run.output(`ganpo/${kind}/${ourName(network, tensor)}`);
      expectTensors(part('state'), golden.power_iteration_vectors_after[network], FLOAT64_TOLERANCE);
      expectTensors(part('gradient'), golden.discriminator_gradients[network], FLOAT64_TOLERANCE);
    }
    expect(run.readings['ganpo/penalty']).toBeCloseTo(golden.policy.ganpo_loss, 9);
    expect(run.readings['loss']).toBeCloseTo(golden.policy.loss, 9);
    expectTensors((tensor) => run.output(names.gradient(tensor)), golden.total_gradients, FLOAT64_TOLERANCE);
  });

  it('tracks twenty steps of policy and discriminators', async () => {
    const golden = readGolden<TrajectoryGolden>('stories260K/ganpo_trajectory.json');
    const trainer = await trainOnGoldenBatches(backend, model!, golden);
    for (const [index, step] of golden.steps.entries()) {
      const { readings } = await trainer.step(index);
      const at = `step ${index + 1}`;
      expect(readings['ganpo/plus/loss'], at).toBeCloseTo(step.d_plus_loss, 7);
      expect(readings['ganpo/minus/loss'], at).toBeCloseTo(step.d_minus_loss, 7);
      expect(readings['objective/loss'], at).toBeCloseTo(step.dpo_loss, 7);
      expect(readings['ganpo/penalty'], at).toBeCloseTo(step.ganpo_loss, 7);
      expect(readings['grad_norm']! / step.grad_norm, at).toBeCloseTo(1, 6);
      for (const network of ['plus', 'minus'] as const) {
        for (const [mean, value] of Object.entries(step.running_means[network])) {
          expect(readings[`ganpo/${network}/mean/${mean}`], `${at} ${network} ${mean}`).toBeCloseTo(value, 7);
        }
      }
    }
    // Errors of 1e-15 grow over twenty steps: AdamW divides by second moments that start near 0.
    const weights = await trainer.policyWeights();
    expectTensors((tensor) => weights.get(tensor)!.data, golden.final_policy, 1e-6);
    await trainer.dispose();
  }, 300_000);
});
