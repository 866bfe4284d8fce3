import type { HostBatch } from '../contracts/index.ts';

/** Where a run's batches come from: pure functions of the step, so that resuming needs no state. */
export interface BatchSource {
  readonly stepsPerEpoch: number;
  /** The micro-batches of optimizer step 0, 1, … */
  microBatches(step: number): readonly HostBatch[];
  /** Every training row once, each in its own bucket's shape: for precomputing the reference. */
  everyRow(): Iterable<HostBatch>;
}
