import type { HostTensor } from '../contracts/index.ts';
import {
  biasCorrection,
  hostClipFactor,
  isDelayed,
  scheduleFactor,
  weightFactor,
  type WeightSchedule,
} from '../optimizer/index.ts';
import { hashText, randomInt32 } from '../random/index.ts';
import {
  opponentScalarNames,
  regularizerSeedName,
  scalarValue,
  seedValue,
  weightName,
  type StepDefinition,
} from '../step/index.ts';
import type { TrainingSettings } from './settings.ts';

/** How strongly a regularizer counts, and how that changes over the run. */
export interface PenaltyWeight {
  readonly weight: number;
  readonly schedule: WeightSchedule;
}

export interface ScalarSource {
  readonly definition: StepDefinition;
  readonly settings: TrainingSettings;
  readonly totalSteps: number;
  /** In the order of the definition's regularizers. */
  readonly penaltyWeights: readonly PenaltyWeight[];
}

const DROPOUT_STREAM = 0x0d0;

/** Learning rate of optimizer step 0, 1, … */
export function learningRateAt({ settings, totalSteps }: ScalarSource, step: number): number {
  const warmupSteps = settings.warmup_steps ?? Math.ceil(settings.warmup_ratio * totalSteps);
  return settings.learning_rate * scheduleFactor({ name: settings.lr_scheduler_type, warmupSteps, totalSteps }, step);
}

/** Scheduled weight of each regularizer at `step`, by its key. */
export const weightsAt = (
  { definition, penaltyWeights, totalSteps }: ScalarSource,
  step: number,
): Record<string, number> =>
  Object.fromEntries(
    definition.regularizers.map(({ key }, index) => {
      const { weight, schedule } = penaltyWeights[index]!;
      return [key, weight * weightFactor(schedule, step, totalSteps)];
    }),
  );

/** Keys of the regularizers whose penalty has not set in yet at `step`. */
export const delayedAt = ({ definition, penaltyWeights, totalSteps }: ScalarSource, step: number): string[] =>
  definition.regularizers
    .map(({ key }) => key)
    .filter((_, index) => isDelayed(penaltyWeights[index]!.schedule, step, totalSteps));

/** Scalars that a micro-batch's graph reads besides counts. */
export function gradientScalars(source: ScalarSource, step: number, microBatch: number): Map<string, HostTensor> {
  const { definition, settings } = source;
  const weights = weightsAt(source, step);
  const count = step * settings.gradient_accumulation_steps + microBatch;
  const seed = (stream: number): number => randomInt32(settings.seed, stream, count);
  const values = new Map<string, HostTensor>([seedValue('seed', seed(DROPOUT_STREAM))]);
  const set = (name: string, value: number): void => void values.set(...scalarValue(name, value));
  for (const { key, plugin, config } of definition.regularizers) {
    set(weightName(key), weights[key]!);
    values.set(...seedValue(regularizerSeedName(key), seed(hashText(`seed/${key}`))));
    const optimizer = plugin.opponent?.optimizer(config);
    if (optimizer === undefined) continue;
    const names = opponentScalarNames(key);
    set(names.learningRate, learningRateAt(source, step) * optimizer.learningRateRatio);
    set(names.correction1, biasCorrection(optimizer.beta1, step + 1));
    set(names.correction2, biasCorrection(optimizer.beta2, step + 1));
  }
  return values;
}

/** Scalars of the policy's update. */
export function updateScalars(source: ScalarSource, step: number, gradientNorm: number): Map<string, HostTensor> {
  const { beta1, beta2 } = source.definition.optimizer;
  return new Map([
    scalarValue('learningRate', learningRateAt(source, step)),
    scalarValue('correction1', biasCorrection(beta1, step + 1)),
    scalarValue('correction2', biasCorrection(beta2, step + 1)),
    scalarValue('gradientScale', hostClipFactor(gradientNorm, source.definition.maxGradNorm)),
  ]);
}
