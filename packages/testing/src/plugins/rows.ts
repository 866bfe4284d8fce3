import { hashText } from '@tether/core';
import { sizeOf, uniformNumbers, type Shape } from '@tether/graph';
import type { Point } from '../point.ts';

/** One row of a test batch. Its contents depend on `content` alone, wherever it stands. */
export interface TestRow {
  readonly content: number;
  /** Filler rows have contents as well, but the weight 0. */
  readonly isFiller?: boolean;
  /** The one side of an unpaired row; both by default. */
  readonly only?: 0 | 1;
}

export interface TestSizes {
  readonly completionLength: number; // C
  readonly viewLength: number; // L
  readonly hiddenSize: number; // H
  readonly vocabularySize: number; // V
}

/** Small enough to differentiate element by element. */
export const SMALL: TestSizes = { completionLength: 3, viewLength: 4, hiddenSize: 4, vocabularySize: 5 };

/** Lengths of a row's completion and of its prompt + completion; 0 of a side that the row lacks. */
export function lengthsOf(
  { content, only }: TestRow,
  side: number,
  sizes: TestSizes,
): { completion: number; view: number } {
  if (only !== undefined && only !== side) return { completion: 0, view: 0 };
  const completion = 1 + ((content + side) % sizes.completionLength);
  return { completion, view: Math.min(sizes.viewLength, completion + 1 + (content % 2)) };
}

/** 1 for the first `length` of `size` places. */
const prefixMask = (length: number, size: number): number[] =>
  Array.from({ length: size }, (_, place) => (place < length ? 1 : 0));

type RowNumbers = (row: TestRow, side: number) => ArrayLike<number>;

/** Stacks what each row and side has into [B, S, …]. */
function stack(rows: readonly TestRow[], sides: number, rest: Shape, numbers: RowNumbers): Point {
  const data = rows.flatMap((row) => Array.from({ length: sides }, (_, side) => Array.from(numbers(row, side))).flat());
  return { dtype: 'f32', shape: [rows.length, sides, ...rest], data };
}

/** The masks of a batch, [B, S, C], [B, S, L] and [B]. */
export function maskPoints(rows: readonly TestRow[], sides: number, sizes: TestSizes) {
  const { completionLength, viewLength } = sizes;
  return {
    completionMask: stack(rows, sides, [completionLength], (row, side) =>
      prefixMask(lengthsOf(row, side, sizes).completion, completionLength),
    ),
    viewMask: stack(rows, sides, [viewLength], (row, side) => prefixMask(lengthsOf(row, side, sizes).view, viewLength)),
    rowWeight: {
      dtype: 'f32',
      shape: [rows.length],
      data: rows.map(({ isFiller }) => (isFiller ? 0 : 1)),
    } satisfies Point,
  };
}

export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Random numbers [B, S, P, …rest] that belong to rows.
 *
 * @param isReal  whether a place p of a row's side holds a real token
 * @param garbage changes the numbers at all other places
 */
export function rowPoint(
  name: string,
  rows: readonly TestRow[],
  sides: number,
  [places, ...rest]: readonly [number, ...number[]],
  { low, high }: ValueRange,
  isReal: (row: TestRow, side: number, place: number) => boolean,
  garbage: number,
): Point {
  const perPlace = sizeOf(rest);
  return stack(rows, sides, [places, ...rest], (row, side) =>
    Array.from({ length: places }, (_, place) => {
      const disturbed = isReal(row, side, place) ? 0 : garbage;
      const seed = hashText(`${name} ${row.content} ${side} ${place} ${disturbed}`);
      return [...uniformNumbers(perPlace, seed, low, high)];
    }).flat(),
  );
}
