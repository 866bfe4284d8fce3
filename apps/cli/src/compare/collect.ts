import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  standardMetrics,
  type Arm,
  type Measurement,
  type MetricDefinition,
  type RawComparison,
  type Run,
  type SampleAnswers,
} from '@tether/compare';
import { renderReport, type DataReport } from '@tether/data';
import type { PolicyEvaluation, SampleText } from '../evaluation/policyEvaluation.ts';
import { NO_PROMPT } from '../evaluation/promptsOfRows.ts';
import type { RunResult } from '../run/executeRun.ts';

/** A run of a comparison, finished or failed. */
export interface ArmRun {
  readonly arm: string;
  readonly seed: number;
  readonly folder: string;
  readonly failure?: string;
}

export interface ComparisonParts {
  readonly name: string;
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  readonly runs: readonly ArmRun[];
  /** Folder of the evaluation before training. */
  readonly before: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly createdAt: string;
}

/** Metrics that this program measures, in the order of the report. */
const METRICS: readonly MetricDefinition[] = [
  standardMetrics.goldReward,
  {
    ...standardMetrics.rewardAccuracy,
    description:
      'Share of held-out pairs whose chosen answer gained more over the reference than the rejected one; equal gains count half, and pairs of one prompt are one measurement.',
  },
  {
    id: 'rewardMargin',
    label: 'Log-ratio margin',
    unit: 'nats',
    better: 'higher',
    description: 'How much more log-probability the chosen answer gained over the reference than the rejected one.',
  },
  {
    id: 'rewardSeparation',
    label: 'Reward separation',
    better: 'higher',
    range: { low: 0, high: 1 },
    description:
      'Share of all combinations of a chosen with a rejected held-out completion in which the chosen one gained more over the reference: of unpaired data.',
  },
  {
    id: 'chosenGain',
    label: 'Log-ratio of chosen',
    unit: 'nats',
    better: 'higher',
    description: 'Log-probability that completions labelled true gained over the reference.',
  },
  {
    id: 'rejectedGain',
    label: 'Log-ratio of rejected',
    unit: 'nats',
    better: 'lower',
    description: 'Log-probability that completions labelled false gained over the reference.',
  },
  standardMetrics.loss,
  standardMetrics.kl,
  {
    ...standardMetrics.latentDistance,
    digits: 4,
    description: 'Mean distance of the policy’s hidden states from the reference’s, relative to their length.',
  },
  {
    id: 'answerLength',
    label: 'Answer length',
    unit: 'tokens',
    better: 'neutral',
    range: { low: 0 },
    digits: 1,
    description: 'Tokens of a sampled answer.',
  },
];

/** The loss of one objective says nothing beside that of another one. */
function metricsFor(arms: readonly Arm[]): readonly MetricDefinition[] {
  const objectives = new Set(arms.map(({ config }) => JSON.stringify(config['objective'])));
  return objectives.size > 1 ? METRICS.filter(({ id }) => id !== standardMetrics.loss.id) : METRICS;
}

/** What became of the rows, and of the prompts that answers are sampled for. */
async function dataOf(before: string): Promise<Pick<RawComparison, 'dataReport' | 'unit'>> {
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(before, name), 'utf8'));
  const report = (await read('data-report.json')) as DataReport; // both written by `runJob`
  const { evaluationPromptsPassedOver: passedOver = 0 } = (await read('run.json')) as Record<string, number>;
  const lines = [...renderReport(report)];
  if (passedOver > 0)
    lines.push(`prompts of the evaluation passed over, since they leave no room for an answer: ${passedOver}`);
  return { dataReport: lines, unit: hasPrompts(report) ? 'prompt' : 'row' };
}

/** Whether any row has one: else every row is measured by itself, and the statistics speak of rows. */
const hasPrompts = ({ lengths }: DataReport): boolean =>
  lengths.some(({ part, statistics }) => part === 'prompt' && statistics.max > NO_PROMPT);

const readResult = async <T>(folder: string): Promise<T> =>
  JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')) as T; // written by `executeRun`

/** Everything that the runs of a comparison left, as the statistics take it. */
export async function collectComparison(parts: ComparisonParts): Promise<RawComparison> {
  const before = await readResult<PolicyEvaluation>(parts.before);
  const metrics = metricsFor(parts.arms);
  const known = new Set(metrics.map(({ id }) => id));
  const comparable = (measurements: readonly Measurement[]): Measurement[] =>
    measurements.filter(({ metric }) => known.has(metric));
  const runs: Run[] = [];
  const after: { run: ArmRun; samples: readonly SampleText[] }[] = [];
  for (const run of parts.runs) {
    if (run.failure !== undefined) {
      runs.push({ arm: run.arm, seed: run.seed, measurements: [], failure: run.failure });
      continue;
    }
    const { measurements, curves, frontier, cost, samples } = await readResult<RunResult>(run.folder);
    runs.push({
      arm: run.arm,
      seed: run.seed,
      measurements: comparable(measurements),
      curves: { ...curves },
      frontier: [...frontier],
      cost,
    });
    after.push({ run, samples });
  }
  const measured = new Set(
    [...runs.flatMap(({ measurements }) => measurements), ...before.measurements].map(({ metric }) => metric),
  );
  return {
    version: 1,
    name: parts.name,
    createdAt: parts.createdAt,
    metrics: metrics.filter(({ id }) => measured.has(id)),
    arms: [...parts.arms],
    seeds: [...parts.seeds],
    runs,
    before: comparable(before.measurements),
    samples: joinSamples(before.samples, after),
    ...(await dataOf(parts.before)),
    facts: { ...parts.facts },
  };
}

/** Answers to one prompt side by side: before training, and of the first seed of every arm. */
function joinSamples(
  before: readonly SampleText[],
  after: readonly { run: ArmRun; samples: readonly SampleText[] }[],
): SampleAnswers[] {
  const firstSeed = Math.min(...after.map(({ run }) => run.seed));
  const prompts = [...new Set(before.map(({ prompt }) => prompt))];
  return prompts.map((prompt): SampleAnswers => {
    const own = before.filter((sample) => sample.prompt === prompt);
    const [{ split, reference } = { split: 'heldout', reference: undefined }] = own;
    return {
      prompt,
      split,
      ...(reference === undefined ? {} : { reference }),
      before: own.map(({ temperature, text }) => ({ temperature, text })),
      after: after
        .filter(({ run }) => run.seed === firstSeed)
        .flatMap(({ run, samples }) =>
          samples
            .filter((sample) => sample.prompt === prompt)
            .map(({ temperature, text }) => ({ arm: run.arm, seed: run.seed, temperature, text })),
        ),
    };
  });
}
