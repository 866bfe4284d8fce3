import { tell } from '../output/terminal.ts';

/** Exit code of a program that Ctrl-C ended, as shells know it. */
export const INTERRUPTED = 130;

/** A signal that Ctrl-C (or a polite kill) sets; a second Ctrl-C ends the program at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      tell('\nstopping after this step and writing a checkpoint; once more to stop at once');
      controller.abort();
    });
  }
  return controller.signal;
}
