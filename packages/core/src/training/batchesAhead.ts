import type { HostBatch } from '../contracts/index.ts';
import type { BatchSource } from './batchSource.ts';

/** A step's batches, or why they could not be made. */
type Made = { readonly batches: readonly HostBatch[] } | { readonly error: unknown };

/** Makes one step's batches before it is their turn: while the engine works on the step before. */
export class BatchesAhead {
  readonly #source: BatchSource;
  #ahead: { readonly step: number; readonly made: Made } | undefined;

  constructor(source: BatchSource) {
    this.#source = source;
  }

  /** Resolves when the batches lie ready. What goes wrong is thrown when they are taken, not here. */
  async prepare(step: number): Promise<void> {
    // After what the caller has started, so that the engine is at work by now.
    await new Promise((resolve) => setImmediate(resolve));
    this.#ahead = { step, made: this.#make(step) };
  }

  /** The micro-batches of a step, made now unless they were prepared. */
  take(step: number): readonly HostBatch[] {
    const made = this.#ahead?.step === step ? this.#ahead.made : this.#make(step);
    this.#ahead = undefined;
    if ('error' in made) throw made.error;
    return made.batches;
  }

  #make(step: number): Made {
    try {
      return { batches: this.#source.microBatches(step) };
    } catch (error) {
      return { error };
    }
  }
}
