import type { BatchSource, HostBatch } from '@tether/core';
import {
  batchesOfStep,
  createSampler,
  joined,
  planBuckets,
  type BucketOptions,
  type BucketPlan,
  type EncodedRows,
  type Layout,
} from '@tether/data';

export interface BatchOptions {
  readonly rowsPerBatch: number;
  readonly accumulate: number;
  readonly seed: number;
  readonly padTokenId: number;
}

/** Buckets of training and evaluation rows together, so that they share compiled steps. */
export interface PlannedRows {
  readonly train: EncodedRows;
  readonly eval: EncodedRows;
  readonly trainPlan: BucketPlan;
  readonly evalPlan: BucketPlan;
}

/** @param mostTokens that a prompt with any completion may have: of the data's limit and the model's, the smaller */
export function planRows(
  train: EncodedRows,
  held: EncodedRows,
  layout: Layout,
  buckets: BucketOptions,
  mostTokens: number,
): PlannedRows {
  const plan = planBuckets(joined(train.sizes, held.sizes), layout, buckets, mostTokens);
  const part = (from: number, to: number): BucketPlan => ({ ...plan, bucketOfRow: plan.bucketOfRow.slice(from, to) });
  return {
    train,
    eval: held,
    trainPlan: part(0, train.length),
    evalPlan: part(train.length, train.length + held.length),
  };
}

/** Training batches as a pure function of the step. */
export function trainingBatches({ train, trainPlan }: PlannedRows, options: BatchOptions): BatchSource {
  const { rowsPerBatch, accumulate, seed } = options;
  const sampler = createSampler({ bucketOfRow: trainPlan.bucketOfRow, rowsPerStep: rowsPerBatch * accumulate, seed });
  return {
    stepsPerEpoch: sampler.stepsPerEpoch,
    microBatches: (step) => batchesOfStep(sampler.step(step), train, trainPlan, options),
    everyRow: () => batchesInOrder(train, trainPlan, rowsPerBatch, options.padTokenId),
  };
}

/**
 * Every row once, in order, bucket after bucket. Each batch is made when it is asked for, so that few are in memory; they
 * can be gone through again.
 */
export function batchesInOrder(
  rows: EncodedRows,
  plan: BucketPlan,
  rowsPerBatch: number,
  padTokenId: number,
): Iterable<HostBatch> {
  if (rows.length === 0) return [];
  const sampler = createSampler({ bucketOfRow: plan.bucketOfRow, rowsPerStep: rowsPerBatch, seed: 0, shuffle: false });
  return {
    *[Symbol.iterator]() {
      for (let step = 0; step < sampler.stepsPerEpoch; step++) {
        yield* batchesOfStep(sampler.step(step), rows, plan, { rowsPerBatch, padTokenId });
      }
    },
  };
}
