import { evaluate, type HostBatch, type Trainer } from '@tether/core';
import type { FrontierPoint, Measurement } from '@tether/compare';
import type { DataConfig } from '@tether/data';
import type { Generator } from '@tether/model';
import type { EvaluationSection } from '../config/runSchema.ts';
import type { PreparedModel } from '../model/preparedModel.ts';
import { checkInterrupted } from '../run/interrupted.ts';
import { goldOf, type EvaluationPrompt } from './prompts.ts';
import { mean, rewardMeasurements } from './rewardMeasurements.ts';
import { sampleAnswers, type SampledAnswer } from './sampling.ts';

/** Everything that judging a policy needs. */
export interface Judge {
  readonly trainer: Trainer;
  readonly prepared: PreparedModel;
  readonly generator: Generator;
  readonly data: DataConfig;
  readonly evaluation: EvaluationSection;
  readonly prompts: readonly EvaluationPrompt[];
  /** Held-out rows, made batch by batch each time they are gone through. */
  readonly pairs: Iterable<HostBatch>;
  /** The prompt of a held-out row, by the row's number. */
  readonly promptOf: (rowNumber: number) => string;
  /** Of the run; answers of every arm with the same seed share their random numbers. */
  readonly seed: number;
}

/** An answer for the report. */
export interface SampleText {
  readonly prompt: string;
  readonly split: string;
  readonly reference?: string;
  readonly temperature: number;
  readonly text: string;
}

export interface PolicyEvaluation {
  readonly measurements: readonly Measurement[];
  readonly samples: readonly SampleText[];
}

/** A measurement's number: its own, or the mean over its prompts; undefined where it is missing. */
export function measuredValue(measurement: Measurement | undefined): number | undefined {
  const values = measurement?.perPrompt?.values.filter((value) => value !== null);
  return values === undefined ? (measurement?.value ?? undefined) : mean(values);
}

const perPrompt = (ids: readonly string[], values: readonly number[]): NonNullable<Measurement['perPrompt']> => ({
  prompts: [...ids],
  values: [...values],
});

const isEmpty = (items: Iterable<unknown>): boolean => items[Symbol.iterator]().next().done === true;

/** The objective's loss and TRL's metrics over the held-out rows, and per row what the policy gained on it. */
export async function evaluatePairs({ trainer, pairs, promptOf }: Judge): Promise<{
  readonly readings: Readonly<Record<string, number>>;
  readonly measurements: readonly Measurement[];
}> {
  if (isEmpty(pairs)) return { readings: {}, measurements: [] };
  const { readings, rows } = await evaluate(trainer, pairs, true);
  const split = 'heldout';
  const loss: Measurement = { metric: 'loss', split, value: readings['loss'] ?? null };
  return { readings, measurements: [loss, ...rewardMeasurements(rows, split, promptOf)] };
}

/** Answers at one temperature, as measurements of every split. */
function measurementsOf(data: DataConfig, temperature: number, answers: readonly SampledAnswer[]): Measurement[] {
  const splits = [...new Set(answers.map(({ prompt }) => prompt.split))];
  return splits.flatMap((split) => {
    const own = answers.filter(({ prompt }) => prompt.split === split);
    const ids = own.map(({ prompt }) => prompt.id);
    const measurement = (metric: string, values: readonly number[]): Measurement => ({
      metric,
      split,
      temperature,
      perPrompt: perPrompt(ids, values),
    });
    const gold = own.flatMap(({ prompt, text }) => goldOf(data, prompt.text, text) ?? []);
    return [
      ...(gold.length === own.length ? [measurement('goldReward', gold)] : []),
      measurement(
        'kl',
        own.map(({ kl }) => kl),
      ),
      measurement(
        'latentDistance',
        own.map(({ latentDistance }) => latentDistance),
      ),
      measurement(
        'answerLength',
        own.map(({ tokens }) => tokens.length),
      ),
    ];
  });
}

/**
 * Samples at every temperature and judges held-out pairs: what a comparison keeps of a policy.
 *
 * @throws InterruptedError between two temperatures, once the user has asked for an end
 */
export async function evaluatePolicy(
  judge: Judge,
  { signal, onPart }: { readonly signal: AbortSignal; readonly onPart: (part: string) => void },
): Promise<PolicyEvaluation> {
  const { trainer, prepared, generator, data, evaluation, prompts, seed } = judge;
  onPart('held-out rows');
  const measurements: Measurement[] = [...(await evaluatePairs(judge)).measurements];
  const samples: SampleText[] = [];
  const shown = new Set(prompts.slice(0, evaluation.sample_answers).map(({ id }) => id));
  for (const temperature of evaluation.temperatures) {
    checkInterrupted(signal);
    onPart(`${prompts.length} answers at temperature ${temperature}`);
    const answers = await sampleAnswers(trainer, prepared, generator, prompts, {
      ...planOf(evaluation),
      temperature,
      seed,
    });
    measurements.push(...measurementsOf(data, temperature, answers));
    for (const { prompt, text } of answers) {
      if (!shown.has(prompt.id)) continue;
      const reference = prompt.reference === undefined ? {} : { reference: prompt.reference };
      samples.push({ prompt: prompt.text, split: prompt.split, temperature, text, ...reference });
    }
  }
  return { measurements, samples };
}

const planOf = ({ top_p: topP, max_new_tokens: maxNewTokens, batch_size: batchSize }: EvaluationSection) => ({
  topP,
  maxNewTokens,
  batchSize,
});

export interface CoursePoint {
  readonly step: number;
  readonly kl: number | null;
  readonly reward: number | null;
  /** What stands for the reward. */
  readonly measure: NonNullable<FrontierPoint['measure']>;
  readonly readings: Readonly<Record<string, number>>;
}

/** The gold reward of sampled answers, or, without one, the accuracy on held-out pairs (of unpaired rows the separation). */
function rewardOf(
  gold: readonly number[],
  measurements: readonly Measurement[],
): Pick<CoursePoint, 'reward' | 'measure'> {
  if (gold.length > 0) return { reward: mean(gold), measure: 'reward' };
  const measured = (wanted: string) => measuredValue(measurements.find(({ metric }) => metric === wanted));
  const accuracy = measured('rewardAccuracy');
  if (accuracy !== undefined) return { reward: accuracy, measure: 'accuracy' };
  return { reward: measured('rewardSeparation') ?? null, measure: 'separation' };
}

/**
 * Where the policy stands during training: KL to the reference on its own samples (temperature 1, no nucleus, so that it
 * is that of the policy itself), against a reward.
 */
export async function coursePoint(judge: Judge, step: number): Promise<CoursePoint> {
  const { trainer, prepared, generator, data, evaluation, prompts, seed } = judge;
  const pairs = await evaluatePairs(judge);
  const own = prompts.filter(({ split }) => split === 'heldout').slice(0, evaluation.prompts_during_training);
  const answers = await sampleAnswers(trainer, prepared, generator, own, {
    ...planOf(evaluation),
    topP: 1,
    temperature: 1,
    seed,
  });
  const gold = answers.flatMap(({ prompt, text }) => goldOf(data, prompt.text, text) ?? []);
  return {
    step,
    kl: answers.length === 0 ? null : mean(answers.map(({ kl }) => kl)),
    ...rewardOf(gold, pairs.measurements),
    readings: pairs.readings,
  };
}
