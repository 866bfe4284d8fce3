import { DataError } from '../errors.ts';
import type { RawRow } from '../reading/row.ts';
import type { Columns, FormName } from './config.ts';
import { isFields } from './fields.ts';
import type { ParseOptions } from './form.ts';
import { detectForm, type ParsedRow, parseRow } from './parseRow.ts';

/** A row after parsing, with its place in the file. */
export interface ReadRow {
  readonly rowNumber: number;
  readonly form: FormName;
  readonly parsed: ParsedRow;
}

/** Rows looked at before giving up on finding a known form. */
const DETECTION_ROWS = 1000;

function unknownForm(source: string, pending: readonly RawRow[], columns: Columns): DataError {
  const seen = new Set(pending.flatMap(({ value }) => (isFields(value) ? Object.keys(value) : [])));
  const found = seen.size === 0 ? 'its rows are not objects with columns' : `its columns are ${[...seen].join(', ')}`;
  return new DataError(
    `${source}: no row has a known form; ${found}.\n` +
      `Known forms: ${columns.chosen} + ${columns.rejected} (with ${columns.prompt}, ${columns.instruction} or ` +
      `${columns.conversations}), ${columns.prompt} + ${columns.completion} (with ${columns.label} where unpaired), or ` +
      `${columns.text}. ` +
      'Name columns that are called otherwise: --column chosen=NAME (tether data), or in a config ' +
      'data.columns: { chosen: NAME }.',
    { rowNumbers: pending.map(({ rowNumber }) => rowNumber) },
  );
}

/**
 * Parses rows as they come. With `auto`, the first row that fits a form decides it for the whole source, so that a
 * row which lacks a column is reported as bad and never taken for another form.
 * @throws DataError when no row fits any form.
 */
export async function* readExamples(
  source: string,
  rows: AsyncIterable<RawRow>,
  format: 'auto' | FormName,
  options: ParseOptions,
): AsyncGenerator<ReadRow> {
  let form = format === 'auto' ? undefined : format;
  let pending: RawRow[] = [];
  const parse = (row: RawRow, known: FormName): ReadRow => ({
    rowNumber: row.rowNumber,
    form: known,
    parsed: parseRow(row.value, row.rowNumber, known, options),
  });
  for await (const row of rows) {
    form ??= detectForm(row.value, options.columns);
    pending.push(row);
    if (form === undefined && pending.length >= DETECTION_ROWS) break;
    if (form === undefined) continue;
    for (const waiting of pending) yield parse(waiting, form);
    pending = [];
  }
  if (form === undefined) throw unknownForm(source, pending, options.columns);
}

/** The sides that a form's rows have: 2 for preferences (of which an unpaired row lacks one), 1 for single completions. */
export function sidesOf(form: FormName): 1 | 2 {
  return form === 'completion' ? 1 : 2;
}
