import { inChild, workerBeside } from './inChild.ts';
import type { Job, JobHooks, JobOutcome } from './job.ts';

/**
 * Runs a job in a process of its own.
 *
 * @throws RunFailure with the worker's error, or telling how it died
 */
export const runInChild = (job: Job, hooks: JobHooks): Promise<JobOutcome> =>
  inChild(workerBeside(import.meta.url, 'worker'), job, { ...hooks, what: 'the run' });
