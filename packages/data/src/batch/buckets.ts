import type { BatchShape } from '@tether/core';
import { DataError, formatRowNumbers } from '../errors.ts';
import { each, type Indexed, type SizedRow } from '../rows/indexed.ts';
import type { BucketOptions } from './config.ts';
import { LAID_OUT_LENGTH, type Layout, rowLengths } from './layout.ts';

/** The static lengths that a group of rows shares; with a number of rows it is the shape of a batch. */
export type Bucket = Omit<BatchShape, 'rows'>;

export interface BucketPlan {
  readonly layout: Layout;
  readonly buckets: readonly Bucket[]; // ascending
  /** Bucket of each row, by its place in the planned rows. */
  readonly bucketOfRow: readonly number[];
}

/** The length that decides a row's bucket: the row's own tokens, or its view where every view is padded. */
const SORTING_LENGTH: Readonly<Record<Layout, (row: SizedRow) => number>> = {
  compact: (row) => rowLengths(row).total,
  padded: (row) => rowLengths(row).view,
};

const roundUp = (length: number, multiple: number): number => Math.ceil(length / multiple) * multiple;

/**
 * The at most `maxCount` boundaries, among the rounded lengths, that need the fewest padded tokens in total:
 * cost(i, j) = boundary j × rows between, least total by dynamic programming over the boundaries in use.
 */
function bestBoundaries(lengths: Iterable<number>, maxCount: number, multipleOf: number): number[] {
  const rowsOf = new Map<number, number>();
  for (const length of lengths) {
    const rounded = roundUp(length, multipleOf);
    rowsOf.set(rounded, (rowsOf.get(rounded) ?? 0) + 1);
  }
  const candidates = [...rowsOf.keys()].sort((a, b) => a - b);
  // best[j]: least cost of the rows up to candidate j − 1 with a boundary there, and the boundaries that reach it
  let best: { cost: number; boundaries: number[] }[] = [{ cost: 0, boundaries: [] }];
  for (let j = 0; j < candidates.length; j++) best.push({ cost: Infinity, boundaries: [] });
  for (let count = 0; count < maxCount; count++) {
    const next = best.map(({ cost, boundaries }) => ({ cost, boundaries }));
    for (let j = 0; j < candidates.length; j++) {
      let rows = 0;
      for (let i = j; i >= 0; i--) {
        rows += rowsOf.get(candidates[i]!)!;
        const cost = best[i]!.cost + rows * candidates[j]!;
        if (cost < next[j + 1]!.cost) next[j + 1] = { cost, boundaries: [...best[i]!.boundaries, candidates[j]!] };
      }
    }
    best = next;
  }
  return best.at(-1)!.boundaries;
}

function ownBoundaries(boundaries: readonly number[], rows: Indexed<SizedRow>, layout: Layout): number[] {
  const ascending = [...new Set(boundaries)].sort((a, b) => a - b);
  const last = ascending.at(-1)!;
  const tooLong = [...each(rows)].filter((row) => SORTING_LENGTH[layout](row) > last);
  if (tooLong.length > 0) {
    const numbers = tooLong.map(({ rowNumber }) => rowNumber);
    const longest = tooLong.reduce((most, row) => Math.max(most, SORTING_LENGTH[layout](row)), 0);
    throw new DataError(
      `${tooLong.length} rows are longer than the last of buckets.boundaries (${last}): rows ` +
        `${formatRowNumbers(numbers, 20)}. The longest takes ${longest} tokens: add a boundary, or lower max_length.`,
      { rowNumbers: numbers },
    );
  }
  return ascending;
}

/** What a bucket's rows need at most. */
interface Extent {
  completion: number;
  view: number;
  laidOut: number; // the tokens of a row
}

function extentsOf(
  rows: Indexed<SizedRow>,
  bucketOfRow: readonly number[],
  boundaries: readonly number[],
  layout: Layout,
): Extent[] {
  const extents = boundaries.map((): Extent => ({ completion: 0, view: 0, laidOut: 0 }));
  for (const [index, bucket] of bucketOfRow.entries()) {
    const row = rows.at(index)!;
    const { completion, view } = rowLengths(row);
    const extent = extents[bucket]!;
    extent.completion = Math.max(extent.completion, completion);
    extent.view = Math.max(extent.view, view);
    // A padded view is as long as its bucket's boundary; compact rows do not depend on it.
    extent.laidOut = Math.max(extent.laidOut, LAID_OUT_LENGTH[layout](row, boundaries[bucket]!));
  }
  return extents;
}

/**
 * Chooses the buckets for all rows of a run (training and evaluation together, so that they share compiled steps).
 * Row lengths are boundaries of `options`, or the ones that waste least; completion and view lengths are the longest
 * of the bucket. Empty buckets vanish.
 * @param mostTokens that a prompt with any completion may have, for rows that are put together from others
 * @throws DataError listing the rows longer than the last own boundary.
 */
export function planBuckets(
  rows: Indexed<SizedRow>,
  layout: Layout,
  options: BucketOptions,
  mostTokens?: number,
): BucketPlan {
  const sides = rows.at(0)?.completions.length;
  if (sides === undefined) return { layout, buckets: [], bucketOfRow: [] };
  const lengths = new Int32Array(rows.length);
  for (let index = 0; index < rows.length; index++) {
    const row = rows.at(index)!;
    if (row.completions.length !== sides)
      throw new RangeError('all rows of a plan must have the same number of completions');
    lengths[index] = SORTING_LENGTH[layout](row);
  }
  const all = options.boundaries
    ? ownBoundaries(options.boundaries, rows, layout)
    : bestBoundaries(lengths, options.max_count, options.multiple_of);
  const boundaryOf = (length: number): number => all.find((boundary) => length <= boundary)!;
  const inUse = new Set<number>();
  for (const length of lengths) inUse.add(boundaryOf(length));
  const boundaries = all.filter((boundary) => inUse.has(boundary));
  const bucketOfRow = Array.from(lengths, (length) => boundaries.findIndex((boundary) => length <= boundary));
  return {
    layout,
    buckets: extentsOf(rows, bucketOfRow, boundaries, layout).map((extent, bucket): Bucket => ({
      rowLength: layout === 'padded' ? roundUp(extent.laidOut, options.multiple_of) : boundaries[bucket]!,
      sides: sides === 1 ? 1 : 2,
      completionLength: extent.completion,
      viewLength: layout === 'padded' ? boundaries[bucket]! : extent.view,
      ...(mostTokens !== undefined && { mostTokens }),
    })),
    bucketOfRow,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Of each bucket its rows, the tokens they have, and those they take, padded to the bucket. */
export function bucketUse(
  rows: Indexed<SizedRow>,
  plan: BucketPlan,
): readonly { readonly rows: number; readonly tokens: number; readonly padded: number }[] {
  const use = plan.buckets.map(() => ({ rows: 0, tokens: 0, padded: 0 }));
  for (const [index, bucket] of plan.bucketOfRow.entries()) {
    const own = use[bucket]!;
    own.rows++;
    own.tokens += rowLengths(rows.at(index)!).total;
    own.padded += plan.buckets[bucket]!.rowLength;
  }
  return use;
}

/** Share of padding among the tokens of all rows, each padded to its bucket: 0 … 1. */
export function paddingShare(rows: Indexed<SizedRow>, plan: BucketPlan): number {
  const use = bucketUse(rows, plan);
  const padded = sum(use.map((own) => own.padded));
  return padded === 0 ? 0 : 1 - sum(use.map((own) => own.tokens)) / padded;
}
