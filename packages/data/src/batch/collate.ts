import { type BatchShape, type EncodedRow, type HostBatch, SEGMENT } from '@tether/core';
import { DataError } from '../errors.ts';
import { LAID_OUT_LENGTH, type Layout, rowLengths, SIDE_SPAN, SIDE_START } from './layout.ts';

export interface CollateOptions {
  readonly layout: Layout;
  readonly padTokenId: number;
}

const SIDE_SEGMENTS = [SEGMENT.chosen, SEGMENT.rejected] as const;

/** Number that filler rows carry instead of a row number. */
export const FILLER_ROW_NUMBER = -1;

function emptyBatch({ rows, rowLength, sides, completionLength, viewLength }: BatchShape, padTokenId: number) {
  const places = rows * rowLength;
  return {
    tokens: new Int32Array(places).fill(padTokenId),
    segments: new Int32Array(places).fill(SEGMENT.padding),
    positions: new Int32Array(places),
    keyMask: new Int32Array(places),
    predictors: new Int32Array(rows * sides * completionLength),
    labels: new Int32Array(rows * sides * completionLength),
    completionMask: new Float32Array(rows * sides * completionLength),
    views: new Int32Array(rows * sides * viewLength),
    viewMask: new Float32Array(rows * sides * viewLength),
    rowWeight: new Float32Array(rows),
  };
}

type BatchArrays = ReturnType<typeof emptyBatch>;

function problemOf(row: EncodedRow, shape: BatchShape, layout: Layout): string | undefined {
  if (row.completions.length !== shape.sides)
    return `it has ${row.completions.length} completions, the batch ${shape.sides}`;
  if (row.prompt.length === 0) return 'it has no prompt token to predict the first completion token from';
  if (row.completions.every(({ length }) => length === 0)) return 'it has no completion tokens';
  const { completion, view } = rowLengths(row);
  if (completion > shape.completionLength)
    return `its completion has ${completion} tokens, the bucket ${shape.completionLength}`;
  if (view > shape.viewLength) return `prompt + completion have ${view} tokens, the bucket ${shape.viewLength}`;
  const length = LAID_OUT_LENGTH[layout](row, shape.viewLength);
  return length > shape.rowLength ? `it takes ${length} tokens, the bucket has ${shape.rowLength}` : undefined;
}

function putPrompt(arrays: BatchArrays, row: EncodedRow, at: number): void {
  const length = row.prompt.length;
  arrays.tokens.set(row.prompt, at);
  arrays.segments.fill(SEGMENT.prompt, at, at + length);
  arrays.keyMask.fill(1, at, at + length);
  for (let k = 0; k < length; k++) arrays.positions[at + k] = k;
}

/** One side with its own padding, if the layout has any: that padding queries as the side but is no key. */
function putSide(arrays: BatchArrays, row: EncodedRow, side: number, start: number, span: number): void {
  const completion = row.completions[side]!;
  arrays.tokens.set(completion, start);
  arrays.segments.fill(SIDE_SEGMENTS[side]!, start, start + span);
  arrays.keyMask.fill(1, start, start + completion.length);
  for (let k = 0; k < span; k++) arrays.positions[start + k] = row.prompt.length + k;
}

/** `at` is the index of the side's first entry in the [B, S, C] arrays. */
function putLabels(
  arrays: BatchArrays,
  row: EncodedRow,
  side: number,
  at: number,
  rowStart: number,
  start: number,
): void {
  const completion = row.completions[side]!;
  arrays.labels.set(completion, at);
  arrays.completionMask.fill(1, at, at + completion.length);
  for (let k = 0; k < completion.length; k++) {
    arrays.predictors[at + k] = k === 0 ? rowStart + row.prompt.length - 1 : start + k - 1;
  }
}

/** `at` is the index of the side's first entry in the [B, S, L] arrays. */
function putView(
  arrays: BatchArrays,
  row: EncodedRow,
  side: number,
  at: number,
  rowStart: number,
  start: number,
  span: number,
): void {
  const promptLength = row.prompt.length;
  const length = row.completions[side]!.length;
  if (length === 0) return; // a side that the row lacks is not seen as its prompt alone
  for (let k = 0; k < promptLength; k++) arrays.views[at + k] = rowStart + k;
  for (let k = 0; k < span; k++) arrays.views[at + promptLength + k] = start + k;
  arrays.viewMask.fill(1, at, at + promptLength + length);
}

function putRow(arrays: BatchArrays, row: EncodedRow, b: number, shape: BatchShape, layout: Layout): void {
  const rowStart = b * shape.rowLength;
  putPrompt(arrays, row, rowStart);
  for (let side = 0; side < shape.sides; side++) {
    const start = rowStart + SIDE_START[layout](row, side, shape.viewLength);
    const span = SIDE_SPAN[layout](row, side, shape.viewLength);
    const line = b * shape.sides + side;
    putSide(arrays, row, side, start, span);
    putLabels(arrays, row, side, line * shape.completionLength, rowStart, start);
    putView(arrays, row, side, line * shape.viewLength, rowStart, start, span);
  }
}

/**
 * Lays rows out as one batch of the given shape.
 *
 * Fewer rows than the shape has (or `null` entries) are filled up with copies of `filler`, or else of the first row,
 * weight 0 and number −1.
 * A copy, not emptiness: every mean over its tokens stays finite, so weighting rows by `rowWeight` is all that a loss
 * has to do.
 * @throws DataError naming the row when a row does not fit the shape.
 */
export function collate(
  rows: readonly (EncodedRow | null)[],
  shape: BatchShape,
  options: CollateOptions,
  filler?: EncodedRow,
): HostBatch {
  const copied = filler ?? rows.find((row) => row !== null);
  if (copied === undefined) throw new RangeError('a batch needs at least one row');
  if (rows.length > shape.rows) throw new RangeError(`${rows.length} rows for a batch of ${shape.rows}`);
  const arrays = emptyBatch(shape, options.padTokenId);
  const rowNumbers: number[] = [];
  for (let b = 0; b < shape.rows; b++) {
    const real = rows[b] ?? null;
    const row = real ?? copied;
    const problem = problemOf(row, shape, options.layout);
    if (problem !== undefined) {
      throw new DataError(`row ${row.rowNumber} does not fit its batch: ${problem}.`, { rowNumbers: [row.rowNumber] });
    }
    putRow(arrays, row, b, shape, options.layout);
    arrays.rowWeight[b] = real === null ? 0 : 1;
    rowNumbers.push(real === null ? FILLER_ROW_NUMBER : row.rowNumber);
  }
  return { shape, ...arrays, rowNumbers };
}
