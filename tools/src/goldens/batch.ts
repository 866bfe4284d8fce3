import type { EncodedRow, HostBatch } from '@tether/core';
import { collate, planBuckets, type Layout } from '@tether/data';
import { readGolden, type CheckpointName } from './files.ts';

interface GoldenPair {
  readonly row: number;
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}
interface GoldenBatches {
  readonly pad_id: number;
  readonly batches: readonly { readonly pairs: readonly GoldenPair[] }[];
}

const encoded = ({ row, prompt, chosen, rejected }: GoldenPair): EncodedRow => ({
  rowNumber: row,
  prompt: Int32Array.from(prompt),
  completions: [Int32Array.from(chosen), Int32Array.from(rejected)],
});

/** The goldens' batches as prompt-once rows, each in a shape of its own. */
export function goldenBatches(checkpoint: CheckpointName, layout: Layout = 'compact'): HostBatch[] {
  const { pad_id: padTokenId, batches } = readGolden(`${checkpoint}/batch.json`) as GoldenBatches;
  return batches.map(({ pairs }) => {
    const rows = pairs.map(encoded);
    const { buckets } = planBuckets(rows, layout, { max_count: 1, multiple_of: 1 });
    return collate(rows, { ...buckets[0]!, rows: rows.length }, { layout, padTokenId });
  });
}
