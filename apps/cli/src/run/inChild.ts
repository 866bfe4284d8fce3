import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunFailure, toPlainError, type PlainError } from '../output/errors.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** A module of this program that a process of its own runs, beside the caller's. */
export const workerBeside = (caller: string, name: string): string =>
  fileURLToPath(new URL(`./${name}.${extension}`, caller));

/** What a process is asked. */
export type ChildRequest = { readonly kind: 'start'; readonly task: unknown } | { readonly kind: 'stop' };

/** What it answers. */
export type ChildReply<Event, Result> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** Characters of a dead process's standard error that are worth telling. */
const LAST_WORDS = 500;

export interface ChildHooks<Event> {
  /** Asks it to stop at the next good moment. */
  readonly signal?: AbortSignal;
  /** Ends it at once, however busy it is: for a task that has nothing to save. */
  readonly kill?: AbortSignal;
  readonly onEvent?: (event: Event) => void;
  /** For messages: what ended early. */
  readonly what: string;
  /** Keeps what it writes to standard error to itself, where engines chat; the last of it is told if the process dies. */
  readonly isSilent?: boolean;
}

/**
 * Hands a task (plain data) to a process of its own, so that its peak memory is its own and a crash of an engine ends only this task.
 *
 * @throws RunFailure with the worker's error, or telling how it died
 */
export function inChild<Event, Result>(
  worker: string,
  task: unknown,
  { signal, kill, onEvent, what, isSilent = false }: ChildHooks<Event>,
): Promise<Result> {
  const child = fork(worker, [], {
    execArgv: extension === 'ts' ? ['--conditions=@tether/source'] : [],
    stdio: ['ignore', 'inherit', isSilent ? 'pipe' : 'inherit', 'ipc'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-LAST_WORDS)));
  const send = (message: ChildRequest): boolean => child.send(message);
  const onAbort = (): void => void send({ kind: 'stop' });
  const onKill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', onAbort, { once: true });
  kill?.addEventListener('abort', onKill, { once: true });
  return new Promise<Result>((resolve, reject) => {
    child.on('message', (message: ChildReply<Event, Result>) => {
      if (message.kind === 'event') onEvent?.(message.event);
      else if (message.kind === 'done') resolve(message.result);
      else reject(new RunFailure(message.error));
    });
    child.on('error', reject);
    child.on('close', (code, killedBy) => {
      const words = said.trim() === '' ? '' : `; its last words: ${said.trim()}`;
      const message = `${what}'s process ended early (${killedBy ?? `exit code ${code}`})${words}`;
      reject(new RunFailure({ name: 'RunError', message }));
    });
    send({ kind: 'start', task });
    if (signal?.aborted === true) onAbort();
    if (kill?.aborted === true) onKill();
  }).finally(() => {
    signal?.removeEventListener('abort', onAbort);
    kill?.removeEventListener('abort', onKill);
  });
}

export interface WorkerHooks<Event> {
  readonly signal: AbortSignal;
  readonly onEvent: (event: Event) => void;
}

/** The other side: makes this process do the task that it is sent, and end. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a worker names the type that its caller sends
export function serveTask<Task, Event, Result>(
  perform: (task: Task, hooks: WorkerHooks<Event>) => Promise<Result>,
): void {
  const stop = new AbortController();
  const reply = (message: ChildReply<Event, Result>): Promise<void> =>
    new Promise((resolve) => void process.send?.(message, undefined, undefined, () => resolve()));
  const run = async (task: unknown): Promise<void> => {
    try {
      const hooks = { signal: stop.signal, onEvent: (event: Event) => void reply({ kind: 'event', event }) };
      await reply({ kind: 'done', result: await perform(task as Task, hooks) });
    } catch (error) {
      await reply({ kind: 'failed', error: toPlainError(error) });
    }
    process.exit(0);
  };
  // Ctrl-C in a terminal (and often a polite kill) reaches every process of the group; the parent decides what it means.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit(1)); // the parent is gone: nobody reads what this process does
  process.on('message', (message: ChildRequest) => {
    if (message.kind === 'stop') stop.abort();
    else void run(message.task);
  });
}
