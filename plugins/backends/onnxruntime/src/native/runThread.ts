import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BackendError } from '@tether/core';
import type { Call, Outcome } from './runThread.worker.ts';

/** A thread of its own for runs. */
export interface RunThread {
  /** Calls the thread's function; resolves to the pointer that it returns. The arguments' memory must outlive the call. */
  call(args: Call['args']): Promise<bigint | null>;
}

interface Waiting {
  readonly resolve: (status: bigint | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts a thread that calls one native function, one call after the other.
 *
 * @param address  of the function
 * @param types    koffi's names of its arguments' types; it returns a pointer
 */
export function startRunThread(address: bigint, types: readonly string[]): RunThread {
  const file = new URL(`./runThread.worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: { address, types } });
  const waiting: Waiting[] = []; // in the order of their calls
  let failure: BackendError | undefined;
  const fail = (error: BackendError): void => {
    failure = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on('message', (outcome: Outcome) => {
    const call = waiting.shift()!; // outcomes come in the order of the calls
    if (waiting.length === 0) worker.unref();
    if ('error' in outcome) call.reject(new BackendError(outcome.error));
    else call.resolve(outcome.status);
  });
  worker.on('error', (cause: Error) => {
    fail(new BackendError(`the thread that runs programs failed: ${cause.message}`, { cause }));
  });
  worker.on('exit', () => fail(failure ?? new BackendError('the thread that runs programs has ended')));
  worker.unref(); // an idle thread keeps no program alive; listening to messages made it do so
  return {
    call: (args) => {
      if (failure !== undefined) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) worker.ref();
        waiting.push({ resolve, reject });
        worker.postMessage({ args } satisfies Call);
      });
    },
  };
}
