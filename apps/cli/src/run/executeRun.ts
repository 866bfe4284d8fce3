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
import { checkExtension, extensionOf } from './extension.ts';
import { InterruptedError } from './interrupted.ts';
import { peakMemoryBytes } from './machine.ts';
import { costOf, curvesOf, frontierOf } from './course.ts';
import { RunError, type PreparedRun } from './prepare.ts';
import { StepLog, writeJson } from './runFolder.ts';

/** What a run tells while it goes. Plain data: it may cross processes. */
export type RunEvent =
  | {
      readonly kind: 'phase';
      readonly phase: 'training' | 'evaluating' | 'saving';
      /** Which part of it begins. */
      readonly part?: string;
    }
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
  /** Steps that were done before, see `resumeRun`. */
  readonly completedSteps: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** false: training only, without sampling at the end. */
  readonly evaluateAtEnd: boolean;
}

/** @throws InterruptedError when the user asked for an end: a checkpoint is in the folder */
export async function executeRun(run: PreparedRun, options: ExecuteOptions): Promise<RunResult> {
  const { trainer } = run;
  const { settings } = trainer.options;
  const store = checkpointsOf(run, options.folder);
  const logs = logsOf(options.folder);
  options.onEvent({ kind: 'phase', phase: 'training' });
  const { interrupted } = await runLoop(
    trainer,
    { firstStep: options.completedSteps, signal: options.signal, clock: () => performance.now() / 1000 },
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
          measure: point.measure,
          ...prefixed(point.readings),
        });
        options.onEvent({ kind: 'evaluation', point });
      },
      onSave: async (completedSteps) => {
        await store.save({ completedSteps, fingerprint: run.fingerprint }, await trainer.snapshot());
      },
    },
  );
  if (interrupted) throw new InterruptedError();
  return finish(run, options, logs);
}

/** Tells each part of an evaluation as it begins. */
export const tellPart =
  (onEvent: (event: RunEvent) => void) =>
  (part: string): void =>
    onEvent({ kind: 'phase', phase: 'evaluating', part });

const prefixed = (readings: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(readings).map(([name, value]) => [`eval/${name}`, value]));

const checkpointsOf = ({ trainer }: PreparedRun, folder: string): CheckpointStore =>
  new CheckpointStore(join(folder, 'checkpoints'), trainer.options.settings.save_total_limit);

const logsOf = (folder: string): Readonly<Record<'metrics' | 'timings', StepLog>> => ({
  metrics: new StepLog(folder, 'metrics.jsonl'),
  timings: new StepLog(folder, 'timings.jsonl'),
});

/**
 * Puts a run back to the last checkpoint of its folder, and cuts its logs there.
 *
 * @returns the steps that are done
 * @throws RunError where the checkpoint is of another run; then nothing in the folder has changed
 */
export async function resumeRun(run: PreparedRun, folder: string): Promise<number> {
  const checkpoint = await checkpointsOf(run, folder).latest();
  const extension = await extensionOf(folder);
  if (extension !== undefined) checkExtension(extension, run, checkpoint?.completedSteps);
  const fingerprints = [run.fingerprint, ...(extension === undefined ? [] : [run.fingerprintWith(extension.training)])];
  if (checkpoint !== undefined && !fingerprints.includes(checkpoint.fingerprint)) {
    throw new RunError(
      'the checkpoint is of a run with another config, data, model or backend; it cannot be continued with this one',
    );
  }
  if (checkpoint !== undefined) await run.trainer.restore(checkpoint.tensors);
  const completed = checkpoint?.completedSteps ?? 0;
  for (const log of Object.values(logsOf(folder))) await log.truncate(completed);
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
  const lines = await logs.metrics.lines();
  const evaluation: PolicyEvaluation = options.evaluateAtEnd
    ? await evaluatePolicy(run.judge, { ...options, onPart: tellPart(options.onEvent) })
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
