import type { EncodedRow, HostBatch } from '@tether/core';
import type { Indexed } from '../rows/indexed.ts';
import type { BucketPlan } from './buckets.ts';
import { collate } from './collate.ts';
import { FILLER, type StepRows } from './sampler.ts';

/**
 * The batches of one optimizer step, `rowsPerBatch` rows each; more than one where gradients are accumulated.
 * `plan` must cover `rows`.
 */
export function batchesOfStep(
  step: StepRows,
  rows: Indexed<EncodedRow>,
  plan: BucketPlan,
  options: { readonly rowsPerBatch: number; readonly padTokenId: number },
): HostBatch[] {
  const { rowsPerBatch, padTokenId } = options;
  if (step.rows.length % rowsPerBatch !== 0) {
    throw new RangeError(`${step.rows.length} rows per step do not divide into batches of ${rowsPerBatch}`);
  }
  const chosen = step.rows.map((index) => (index === FILLER ? null : rows.at(index)!));
  const filler = chosen[0]!; // a step always begins with a real row
  const shape = { ...plan.buckets[step.bucket]!, rows: rowsPerBatch };
  return Array.from({ length: chosen.length / rowsPerBatch }, (_, index) =>
    collate(
      chosen.slice(index * rowsPerBatch, (index + 1) * rowsPerBatch),
      shape,
      { layout: plan.layout, padTokenId },
      filler,
    ),
  );
}
