import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunFailure } from '../output/errors.ts';
import type { Job, JobHooks, JobOutcome } from './job.ts';
import type { WorkerReply, WorkerRequest } from './worker.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const WORKER = fileURLToPath(new URL(`./worker.${extension}`, import.meta.url));

/**
 * Runs a job in a process of its own, so that its peak memory is its own and a crash of an engine ends only this run.
 *
 * @throws RunFailure with the worker's error, or telling how it died
 */
export function runInChild(job: Job, { signal, onEvent }: JobHooks): Promise<JobOutcome> {
  const child = fork(WORKER, [], {
    execArgv: extension === 'ts' ? ['--conditions=@tether/source'] : [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const send = (message: WorkerRequest): boolean => child.send(message);
  const onAbort = (): void => void send({ kind: 'stop' });
  signal.addEventListener('abort', onAbort, { once: true });
  return new Promise<JobOutcome>((resolve, reject) => {
    child.on('message', (message: WorkerReply) => {
      if (message.kind === 'event') onEvent(message.event);
      else if (message.kind === 'done') resolve(message.outcome);
      else reject(new RunFailure(message.error));
    });
    child.on('error', reject);
    child.on('exit', (code, killedBy) =>
      reject(
        new RunFailure({
          name: 'RunError',
          message: `the run's process ended early (${killedBy ?? `exit code ${code}`})`,
        }),
      ),
    );
    send({ kind: 'start', job });
    if (signal.aborted) onAbort();
  }).finally(() => signal.removeEventListener('abort', onAbort));
}
