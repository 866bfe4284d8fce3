import type { Job } from '../run/job.ts';
import { inChild, workerBeside } from '../run/inChild.ts';
import { asConfig, type EngineChoice } from './engines.ts';

/** Training steps of a trial: the first ones compile programs and fault in memory. */
const STEPS = 4;

export interface TrialTask {
  readonly job: Job;
  readonly steps: number;
}

/** What a trial measured. */
export interface TrialFigures {
  readonly description: string;
  /** Fastest step after the first. */
  readonly secondsPerStep: number;
  /** Compiling included. */
  readonly firstStepSeconds: number;
  readonly peakMemoryBytes: number;
  /** Of the first step: engines that compute the same thing agree on it. */
  readonly loss: number;
}

/**
 * Some training steps of a run's own model and data on one engine, in a process of its own.
 *
 * @throws RunFailure when the engine cannot do them, or was killed at them
 */
export function tryEngine(choice: EngineChoice, job: Job, kill: AbortSignal): Promise<TrialFigures> {
  const task: TrialTask = { job: { ...job, source: { ...job.source, backend: asConfig(choice) } }, steps: STEPS };
  return inChild<never, TrialFigures>(workerBeside(import.meta.url, 'trialWorker'), task, {
    kill,
    what: 'the trial',
    isSilent: true,
  });
}
