/** The user asked for an end: nothing went wrong, and nothing is left half-written. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('interrupted');
  }
}

/** @throws InterruptedError once the user has asked for an end */
export function checkInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError();
}
