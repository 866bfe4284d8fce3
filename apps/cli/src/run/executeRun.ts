import { join } from 'node:path';
import { runLoop, type StepEvent } from '@tether/core';
import type { Cost, Curve, FrontierPoint } from '@tether/compare';
import {
  coursePoint,
  evaluatePolicy,
  type CoursePoint,
  type PolicyEvaluation,
} from '../evaluation/policyEvaluation.ts';
import { saveModel } from '../model/saveModel.ts';
import { CheckpointStore } from './checkpoints.ts';
import { peakMemoryBytes } from './machine.ts';
import { RunError, type PreparedRun } from './prepare.ts';
import { StepLog, writeJson } from './runFolder.ts';

/** What a run tells while it goes. Plain data: it may cross processes. */
export type RunEvent =
  | { readonly kind: 'phase'; readonly phase: 'training' | 'evaluating' | 'saving' }
  | ({ readonly kind: 'step' } & Pick<StepEvent, 'step' | 'totalSteps' | 'seconds' | 'tokens' | 'readings'>)
  | { readonly kind: 'evaluation'; readonly point: CoursePoint };

/** What a finished run leaves in `result.json`. */
export interface RunResult extends PolicyEvaluation {
  readonly curves: Readonly<Record<string, Curve>>;
  readonly frontier: readonly FrontierPoint[];
  readonly cost: Cost;
}

export interface ExecuteOptions {
  readonly folder: string;
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** false: training only, without sampling at the end. */
  readonly evaluateAtEnd: boolean;
}

/** undefined when the run was interrupted: its checkpoint is in the folder. */
export async function executeRun(run: PreparedRun, options: ExecuteOptions): Promise<RunResult | undefined> {
  const { trainer } = run;
  const { settings } = trainer.options;
  const store = new CheckpointStore(join(options.folder, 'checkpoints'), settings.save_total_limit);
  const logs = {
    metrics: new StepLog(options.folder, 'metrics.jsonl'),
    timings: new StepLog(options.folder, 'timings.jsonl'),
  };
  const firstStep = options.resume ? await restore(run, store, Object.values(logs)) : 0;
  options.onEvent({ kind: 'phase', phase: 'training' });
  const { interrupted } = await runLoop(
    trainer,
    { firstStep, signal: options.signal, clock: () => performance.now() / 1000 },
    {
      onStep: async ({ step, totalSteps, seconds, tokens, readings }) => {
        if (step % settings.logging_steps === 0 || step === totalSteps)
          await logs.metrics.append({ step, ...readings });
        await logs.timings.append({ step, seconds, tokens, peakMemoryBytes: peakMemoryBytes() });
        options.onEvent({ kind: 'step', step, totalSteps, seconds, tokens, readings });
      },
      onEvaluate: async (step) => {
        const point = await coursePoint(run.judge, step);
        await logs.metrics.append({
          step,
          evaluation: true,
          kl: point.kl,
          reward: point.reward,
          ...prefixed(point.readings),
        });
        options.onEvent({ kind: 'evaluation', point });
      },
      onSave: async (completedSteps) => {
        await store.save({ completedSteps, fingerprint: run.fingerprint }, await trainer.snapshot());
      },
    },
  );
  if (interrupted) return undefined;
  return finish(run, options, logs);
}

const prefixed = (readings: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(readings).map(([name, value]) => [`eval/${name}`, value]));

async function restore(
  { trainer, fingerprint }: PreparedRun,
  store: CheckpointStore,
  logs: readonly StepLog[],
): Promise<number> {
  const checkpoint = await store.latest();
  if (checkpoint !== undefined && checkpoint.fingerprint !== fingerprint) {
    throw new RunError(
      'the checkpoint is of a run with another config, data, model or backend; it cannot be continued with this one',
    );
  }
  if (checkpoint !== undefined) await trainer.restore(checkpoint.tensors);
  const completed = checkpoint?.completedSteps ?? 0;
  for (const log of logs) await log.truncate(completed); // only once it is sure that the run goes on
  return completed;
}

async function finish(
  run: PreparedRun,
  options: ExecuteOptions,
  logs: { readonly metrics: StepLog; readonly timings: StepLog },
): Promise<RunResult> {
  options.onEvent({ kind: 'phase', phase: 'saving' });
  await saveModel(
    join(options.folder, 'model'),
    run.sources.prepared,
    await run.trainer.policyWeights(run.sources.prepared.adapter === undefined ? 'all' : 'trained'),
  );
  options.onEvent({ kind: 'phase', phase: 'evaluating' });
  const lines = await logs.metrics.lines();
  const evaluation: PolicyEvaluation = options.evaluateAtEnd
    ? await evaluatePolicy(run.judge)
    : { measurements: [], samples: [] };
  const result: RunResult = {
    ...evaluation,
    curves: curvesOf(lines),
    frontier: frontierOf(lines),
    cost: costOf(await logs.timings.lines()),
  };
  await writeJson(join(options.folder, 'result.json'), result);
  return result;
}

type Line = Readonly<Record<string, unknown>>;

/** The course of every metric over training. */
function curvesOf(lines: readonly Line[]): Record<string, Curve> {
  const curves: Record<string, { steps: number[]; values: number[] }> = {};
  for (const { step, evaluation, ...readings } of lines) {
    for (const [name, value] of Object.entries(readings)) {
      if (typeof value !== 'number' || (evaluation === true && !name.startsWith('eval/'))) continue;
      const curve = (curves[name] ??= { steps: [], values: [] });
      curve.steps.push(step as number); // every line has a step
      curve.values.push(value);
    }
  }
  return curves;
}

const frontierOf = (lines: readonly Line[]): FrontierPoint[] =>
  lines
    .filter(({ evaluation }) => evaluation === true)
    .map(({ step, kl, reward }) => ({
      step: step as number, // as `onEvaluate` wrote them
      kl: kl as number | null,
      reward: reward as number | null,
    }));

/** Steps that compile a graph or fault in pages are not the rate; they count in the total. */
const WARM_UP_STEPS = 2;

function costOf(timings: readonly Line[]): Cost {
  const steps = timings as readonly { seconds: number; tokens: number; peakMemoryBytes: number }[]; // as `onStep` wrote them
  const warm = steps.length > WARM_UP_STEPS * 2 ? steps.slice(WARM_UP_STEPS) : steps;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const sorted = warm.map(({ seconds }) => seconds).toSorted((a, b) => a - b);
  return {
    seconds: sum(steps.map(({ seconds }) => seconds)),
    secondsPerStep: sorted[Math.floor(sorted.length / 2)] ?? null,
    tokensPerSecond: sum(warm.map(({ tokens }) => tokens)) / sum(warm.map(({ seconds }) => seconds)),
    peakMemoryBytes: steps.reduce((most, { peakMemoryBytes: bytes }) => Math.max(most, bytes), -Infinity),
  };
}
