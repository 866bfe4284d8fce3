import type { BatchShape, EncodedRow } from '@tether/core';
import { DataError, formatRowNumbers } from '../errors.ts';
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
const SORTING_LENGTH: Readonly<Record<Layout, (row: EncodedRow) => number>> = {
  compact: (row) => rowLengths(row).total,
  padded: (row) => rowLengths(row).view,
};

/** Not Math.max(...values): a large file's rows are more than a call takes arguments. */
const largest = (values: Iterable<number>): number => {
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  return most;
};

const roundUp = (length: number, multiple: number): number => Math.ceil(length / multiple) * multiple;

/**
 * The at most `maxCount` boundaries, among the rounded lengths, that need the fewest padded tokens in total:
 * cost(i, j) = boundary j × rows between, least total by dynamic programming over the boundaries in use.
 */
function bestBoundaries(lengths: readonly number[], maxCount: number, multipleOf: number): number[] {
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

function ownBoundaries(boundaries: readonly number[], rows: readonly EncodedRow[], layout: Layout): number[] {
  const ascending = [...new Set(boundaries)].sort((a, b) => a - b);
  const tooLong = rows.filter((row) => SORTING_LENGTH[layout](row) > ascending.at(-1)!);
  if (tooLong.length > 0) {
    const numbers = tooLong.map(({ rowNumber }) => rowNumber);
    const longest = largest(tooLong.map((row) => SORTING_LENGTH[layout](row)));
    throw new DataError(
      `${tooLong.length} rows are longer than the last of buckets.boundaries (${ascending.at(-1)}): rows ` +
        `${formatRowNumbers(numbers, 20)}. The longest takes ${longest} tokens: add a boundary, or lower max_length.`,
      { rowNumbers: numbers },
    );
  }
  return ascending;
}

function describeBucket(rows: readonly EncodedRow[], boundary: number, layout: Layout, multipleOf: number): Bucket {
  const lengths = rows.map(rowLengths);
  const viewLength = layout === 'padded' ? boundary : largest(lengths.map(({ view }) => view));
  const longest = largest(rows.map((row) => LAID_OUT_LENGTH[layout](row, viewLength)));
  return {
    rowLength: layout === 'padded' ? roundUp(longest, multipleOf) : boundary,
    sides: rows[0]!.completions.length === 1 ? 1 : 2,
    completionLength: largest(lengths.map(({ completion }) => completion)),
    viewLength,
  };
}

/**
 * Chooses the buckets for all rows of a run (training and evaluation together, so that they share compiled steps).
 * Row lengths are boundaries of `options`, or the ones that waste least; completion and view lengths are the longest
 * of the bucket. Empty buckets vanish.
 * @throws DataError listing the rows longer than the last own boundary.
 */
export function planBuckets(rows: readonly EncodedRow[], layout: Layout, options: BucketOptions): BucketPlan {
  if (rows.length === 0) return { layout, buckets: [], bucketOfRow: [] };
  if (rows.some(({ completions }) => completions.length !== rows[0]!.completions.length)) {
    throw new RangeError('all rows of a plan must have the same number of completions');
  }
  const lengths = rows.map((row) => SORTING_LENGTH[layout](row));
  const boundaries = options.boundaries
    ? ownBoundaries(options.boundaries, rows, layout)
    : bestBoundaries(lengths, options.max_count, options.multiple_of);
  const boundaryOfRow = lengths.map((length) => boundaries.findIndex((boundary) => length <= boundary));
  const used = boundaries.map((_, index) => index).filter((index) => boundaryOfRow.includes(index));
  const members = used.map((index) => rows.filter((_, row) => boundaryOfRow[row] === index));
  return {
    layout,
    buckets: members.map((group, index) =>
      describeBucket(group, boundaries[used[index]!]!, layout, options.multiple_of),
    ),
    bucketOfRow: boundaryOfRow.map((index) => used.indexOf(index)),
  };
}

/** Share of padding among the tokens of all rows, each padded to its bucket: 0 … 1. */
export function paddingShare(rows: readonly EncodedRow[], plan: BucketPlan): number {
  const padded = plan.bucketOfRow.reduce((sum, bucket) => sum + plan.buckets[bucket]!.rowLength, 0);
  const real = rows.reduce((sum, row) => sum + rowLengths(row).total, 0);
  return padded === 0 ? 0 : 1 - real / padded;
}
