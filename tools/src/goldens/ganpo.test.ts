import { plugin as onnxruntime } from '@tether/backend-onnxruntime';
import { createReferenceBackend } from '@tether/backend-reference';
import { names, Trainer, trainingSchema, type Backend, type HostArray, type HostBatch } from '@tether/core';
import { plugin as dpo } from '@tether/objective-dpo';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenBatches } from './batch.ts';
import { ganpoUse, networkValues, ourName, type DiscriminatorGolden } from './discriminators.ts';
import { CHECKPOINTS, readGolden, SKIP_REASONS, type CheckpointName } from './files.ts';
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
}

const objective = { plugin: dpo, config: dpo.config.parse({ beta: 0.1 }) };

interface Suite {
  readonly checkpoint: CheckpointName;
  readonly backend: 'reference' | 'onnxruntime';
  readonly precision: 'f64' | 'f32';
  /** Of values relative to 1, of tensors relative to the largest entry. */
  readonly tolerance: number;
  readonly goldens: readonly string[];
  readonly trajectory: boolean;
}

const SUITES: readonly Suite[] = [
  // Both sides compute in float64 with the same formulas: what remains is the order of sums.
  {
    checkpoint: 'stories260K',
    backend: 'reference',
    precision: 'f64',
    tolerance: 1e-9,
    goldens: ['ganpo_masked', 'ganpo_published'],
    trajectory: false,
  },
  // Float32 through all layers and, in the trajectory, fifty AdamW steps, whose first divide by tiny second moments.
  {
    checkpoint: 'stories260K',
    backend: 'onnxruntime',
    precision: 'f32',
    tolerance: 1e-3,
    goldens: ['ganpo_masked', 'ganpo_published', 'ganpo_masked_published_size'],
    trajectory: true,
  },
  {
    checkpoint: 'smollm2',
    backend: 'onnxruntime',
    precision: 'f32',
    tolerance: 1e-3,
    goldens: ['ganpo_masked'],
    trajectory: false,
  },
];

const NETWORKS = ['plus', 'minus'] as const;

function expectNear(actual: number | undefined, golden: number, tolerance: number, name: string): void {
  expect(Math.abs((actual ?? NaN) - golden), name).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(golden)));
}

/**
 * The score's bias: its gradient is a sum of residuals that cancel to 1e-5 and less of their size, so that rounding is
 * a share of the residuals, of which the score's weights tell the size.
 */
const scoreBiasScale = (name: string, gradients: Summaries): number | undefined =>
  name === 'head_score.bias' ? gradients['head_score.weight_orig']!.maxAbs : undefined;

async function checkBatch(
  name: string,
  { checkpoint, tolerance }: Suite,
  backend: Backend,
  model: GoldenModel,
): Promise<number> {
  const golden = readGolden(`${checkpoint}/${name}.json`) as BatchGolden;
  const [batch] = goldenBatches(checkpoint, golden.discriminator.pooling === 'published' ? 'padded' : 'compact');
  const definition = definitionOf(model, objective, [ganpoUse(golden)]);
  const run = await runBatch(backend, model, definition, batch!, networkValues(golden));
  const rule = { tolerance, spread: checkpoint === 'smollm2' ? 'systematic' : 'independent' } as const;
  const errors = NETWORKS.flatMap((network) => {
    expectNear(run.readings[`ganpo/${network}/loss`], golden.discriminator_losses[network], tolerance, network);
    for (const [mean, value] of Object.entries(golden.running_means[network])) {
      expectNear(run.readings[`ganpo/${network}/mean/${mean}`], value, tolerance, `${network} ${mean}`);
    }
    const part =
      (kind: 'state' | 'gradient') =>
      (tensor: string): HostArray =>
        run.output(names.network('ganpo', kind, ourName(network, tensor)));
    const gradients = golden.discriminator_gradients[network];
    return [
      expectTensors(part('state'), golden.power_iteration_vectors_after[network], rule),
      expectTensors(part('gradient'), gradients, { ...rule, scaleOf: (name) => scoreBiasScale(name, gradients) }),
    ];
  });
  expectNear(run.readings['ganpo/penalty'], golden.policy.ganpo_loss, tolerance, 'penalty');
  expectNear(run.readings['loss'], golden.policy.loss, tolerance, 'loss');
  errors.push(expectTensors((tensor) => run.output(names.gradient(tensor)), golden.total_gradients, rule));
  return Math.max(...errors);
}

/** The goldens' fifty steps: three batches in turn, constant learning rate, clipping at 1. */
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

/** Fifty steps of policy and discriminators; returns the largest relative error of any loss or mean. */
async function checkTrajectory(backend: Backend, model: GoldenModel, tolerance: number): Promise<number> {
  const golden = readGolden('stories260K/ganpo_trajectory.json') as TrajectoryGolden;
  const trainer = await trainOnGoldenBatches(backend, model, golden);
  let largest = 0;
  for (const [index, step] of golden.steps.entries()) {
    const { readings } = await trainer.step(index);
    const expected: Record<string, number> = {
      'ganpo/plus/loss': step.d_plus_loss,
      'ganpo/minus/loss': step.d_minus_loss,
      'objective/loss': step.dpo_loss,
      'ganpo/penalty': step.ganpo_loss,
      loss: step.loss,
      ...Object.fromEntries(
        NETWORKS.flatMap((network) =>
          Object.entries(step.running_means[network]).map(([mean, value]) => [`ganpo/${network}/mean/${mean}`, value]),
        ),
      ),
    };
    for (const [name, value] of Object.entries(expected)) {
      const error = Math.abs(readings[name]! - value) / Math.abs(value);
      largest = Math.max(largest, error);
      expect(error, `${name} at step ${index + 1}`).toBeLessThanOrEqual(tolerance);
    }
  }
  await trainer.dispose();
  return largest;
}

for (const suite of SUITES) {
  const folder = CHECKPOINTS[suite.checkpoint]();
  if (folder === undefined) console.warn(`skipped: ${SKIP_REASONS[suite.checkpoint]}`);
  describe.skipIf(folder === undefined)(
    `GANPO of ${suite.checkpoint} on ${suite.backend} against PyTorch`,
    async () => {
      if (folder === undefined) return;
      const backend =
        suite.backend === 'reference'
          ? createReferenceBackend()
          : await onnxruntime.create(onnxruntime.config.parse({}));
      const model = await goldenModel(folder, suite.precision);
      const errors: string[] = [];
      afterAll(async () => {
        console.info(`largest errors of GANPO, ${suite.checkpoint} on ${suite.backend}: ${errors.join(', ')}`);
        await backend.dispose();
      });
      const report = (name: string, error: number): void => void errors.push(`${name} ${error.toExponential(1)}`);
      it.each(suite.goldens)(
        '%s: scores, means, losses and every gradient',
        async (name) => report(name, await checkBatch(name, suite, backend, model)),
        120_000,
      );
      if (!suite.trajectory) return;
      it(
        'tracks fifty steps of policy and discriminators',
        async () => report('fifty steps', await checkTrajectory(backend, model, suite.tolerance)),
        120_000,
      );
    },
  );
}
