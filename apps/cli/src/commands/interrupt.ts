import { tell } from '../output/terminal.ts';

/** Exit code of a program that Ctrl-C ended, as shells know it. */
export const INTERRUPTED = 130;

/**
 * A signal that Ctrl-C (or a polite kill) sets; a second Ctrl-C ends the program at once.
 *
 * @param told what happens now
 */
export function interruptSignal(told = 'stopping after this step and writing a checkpoint'): AbortSignal {
  const controller = new AbortController();
  const received = { own: 0, launcher: 0 };
  const count = (from: keyof typeof received): void => {
    received[from] += 1;
    // One Ctrl-C may come twice: from the terminal, and from the launcher that runs this program on a newer Node.
    if (Math.max(received.own, received.launcher) > 1) process.exit(INTERRUPTED);
    if (controller.signal.aborted) return;
    tell(`\n${told}; once more to stop at once`);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => count('own'));
  process.on('message', (message) => {
    if (message === 'interrupt') count('launcher');
  });
  process.channel?.unref(); // listening alone does not keep the program alive
  return controller.signal;
}
