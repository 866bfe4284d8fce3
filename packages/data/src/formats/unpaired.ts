import { inspect } from 'node:util';
import { BadRow } from '../errors.ts';
import { promptAndCompletion } from './completion.ts';
import { type Fields, has, required } from './fields.ts';
import type { RowForm } from './form.ts';

/** Files without truth values have 1 and 0; as 64-bit integers, Parquet's are bigints. */
const LABELS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [1, true],
  [1n, true],
  [false, false],
  [0, false],
  [0n, false],
]);

/** True also of a row whose label is missing: it is then a bad row, not one to imitate. */
const mayBeLabel = (row: Fields, column: string): boolean =>
  column in row && (!has(row, column) || LABELS.has(row[column]));

/** TRL's unpaired preferences: `prompt`, `completion` (text or messages) and `label`, true for a desirable completion. */
export const unpaired: RowForm = {
  fits: (row, columns) => has(row, columns.completion) && mayBeLabel(row, columns.label),
  parse(row, { columns }) {
    const given = required(row, columns.label);
    const label = LABELS.get(given);
    if (label === undefined) {
      throw new BadRow(`"${columns.label}" must be true or false, found ${inspect(given)}`);
    }
    return { ...promptAndCompletion(row, columns), label };
  },
};
