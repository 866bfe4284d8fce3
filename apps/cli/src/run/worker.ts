import { runJob, type Job, type JobOutcome } from './job.ts';
import type { RunEvent } from './executeRun.ts';
import { toPlainError, type PlainError } from '../output/errors.ts';

/** Messages from the parent. */
export type WorkerRequest = { readonly kind: 'start'; readonly job: Job } | { readonly kind: 'stop' };

/** Messages to the parent. */
export type WorkerReply =
  | { readonly kind: 'event'; readonly event: RunEvent }
  | { readonly kind: 'done'; readonly outcome: JobOutcome }
  | { readonly kind: 'failed'; readonly error: PlainError };

const stop = new AbortController();
// Ctrl-C in a terminal (and often a polite kill) reaches every process of the group; the parent decides what it means.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(1)); // the parent is gone: nobody reads what this run does
process.on('message', (message: WorkerRequest) => {
  if (message.kind === 'stop') stop.abort();
  else void run(message.job);
});

const reply = (message: WorkerReply): Promise<void> =>
  new Promise((resolve) => void process.send?.(message, undefined, undefined, () => resolve()));

async function run(job: Job): Promise<void> {
  try {
    const outcome = await runJob(job, {
      signal: stop.signal,
      onEvent: (event) => void reply({ kind: 'event', event }),
    });
    await reply({ kind: 'done', outcome });
  } catch (error) {
    await reply({ kind: 'failed', error: toPlainError(error) });
  }
  process.exit(0);
}
