import type { HostBatch, Weights } from '../contracts/index.ts';
import type { ObjectiveUse, RegularizerUse, StepDefinition } from '../step/index.ts';
import {
  referenceSource,
  Trainer,
  trainingSchema,
  type BatchSource,
  type PenaltyWeight,
  type ReferenceStore,
} from '../training/index.ts';
import { weightScheduleSchema } from '../optimizer/index.ts';
import { interpreterBackend, type InterpreterBackend, type InterpreterOptions } from './interpreterBackend.ts';
import { tinyModel, tinyWeights } from './tinyModel.ts';

export interface TestRun {
  readonly objective: ObjectiveUse;
  readonly regularizers?: readonly RegularizerUse[];
  readonly weights?: readonly PenaltyWeight[];
  /** Micro-batches of every step; step s takes entry s modulo the length. */
  readonly batches: readonly (readonly HostBatch[])[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly frozen?: readonly string[];
  readonly policy?: Weights;
  readonly reference?: Weights;
  readonly referenceStore?: ReferenceStore;
  readonly totalSteps?: number;
  readonly failures?: InterpreterOptions;
}

export interface TestTrainer {
  readonly trainer: Trainer;
  readonly backend: InterpreterBackend;
}

/** A trainer of the tiny model in the interpreter. Policy and reference differ, so that nothing is 0 by symmetry. */
export async function testTrainer(run: TestRun): Promise<TestTrainer> {
  const { objective, regularizers = [], batches, frozen = [], totalSteps = 10 } = run;
  const model = tinyModel({ frozen });
  const settings = trainingSchema.parse({ learning_rate: 0.01, weight_decay: 0.1, ...run.settings });
  const definition: StepDefinition = {
    model,
    objective,
    regularizers,
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: settings.weight_decay },
    maxGradNorm: settings.max_grad_norm,
    reference: referenceSource({ objective, regularizers }, settings.precompute_ref_log_probs, settings.sync_ref_model),
  };
  const source: BatchSource = {
    stepsPerEpoch: batches.length,
    microBatches: (step) => batches[step % batches.length]!,
    everyRow: () => batches.flat(),
  };
  const backend = interpreterBackend(run.failures);
  const trainer = await Trainer.create({
    backend,
    definition,
    settings,
    totalSteps,
    penaltyWeights: run.weights ?? regularizers.map(() => ({ weight: 1, schedule: weightScheduleSchema.parse({}) })),
    batches: source,
    weights: run.policy ?? tinyWeights(1),
    referenceWeights: run.reference ?? tinyWeights(50),
    ...(run.referenceStore === undefined ? {} : { referenceStore: run.referenceStore }),
  });
  return { trainer, backend };
}
