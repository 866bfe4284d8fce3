import { each, type Indexed, type SizedRow } from '../rows/indexed.ts';

/**
 * How a row's parts lie in it.
 *
 * `compact`: prompt | chosen | rejected | padding. The fewest tokens.
 *
 * `padded`: prompt | chosen … | rejected … | padding, where each side is followed by padding of its own up to the view
 * length L, as if `prompt + side` were a row of its own padded at its end. That padding sees what the side's last
 * token sees and is seen by nothing. For regularizers that pool hidden states over padding too.
 */
export type Layout = 'compact' | 'padded';

export interface RowLengths {
  readonly prompt: number;
  readonly completion: number; // the longest side
  readonly view: number; // prompt + longest side
  readonly total: number; // prompt + all sides
}

export function rowLengths(row: SizedRow): RowLengths {
  const sides = row.completions.map(({ length }) => length);
  const prompt = row.prompt.length;
  const completion = Math.max(...sides);
  const total = sides.reduce((sum, side) => sum + side, prompt);
  return { prompt, completion, view: prompt + completion, total };
}

/** The longest prompt + completion: what a model's positions must hold. */
export function longestView(rows: Indexed<SizedRow>): number {
  let longest = 0;
  for (const row of each(rows)) longest = Math.max(longest, rowLengths(row).view);
  return longest;
}

/** Tokens that one row takes in a batch whose views are `viewLength` long. */
export const LAID_OUT_LENGTH: Readonly<Record<Layout, (row: SizedRow, viewLength: number) => number>> = {
  compact: (row) => rowLengths(row).total,
  padded: (row, viewLength) => row.prompt.length + row.completions.length * (viewLength - row.prompt.length),
};

/** Where one side of a row begins. */
export const SIDE_START: Readonly<Record<Layout, (row: SizedRow, side: number, viewLength: number) => number>> = {
  compact: (row, side) =>
    row.completions.slice(0, side).reduce((start, { length }) => start + length, row.prompt.length),
  padded: (row, side, viewLength) => row.prompt.length + side * (viewLength - row.prompt.length),
};

/** Places of one side in the row, its own padding included. */
export const SIDE_SPAN: Readonly<Record<Layout, (row: SizedRow, side: number, viewLength: number) => number>> = {
  compact: (row, side) => row.completions[side]!.length,
  padded: (row, _side, viewLength) => viewLength - row.prompt.length,
};
