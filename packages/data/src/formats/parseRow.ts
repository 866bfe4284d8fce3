import { BadRow } from '../errors.ts';
import type { Columns, FormName } from './config.ts';
import type { PreferenceExample } from './example.ts';
import { completion } from './completion.ts';
import { isFields } from './fields.ts';
import type { ParseOptions, RowForm } from './form.ts';
import { instruction } from './instruction.ts';
import { sharegpt } from './sharegpt.ts';
import { transcript } from './transcript.ts';
import { trl } from './trl.ts';
import { unpaired } from './unpaired.ts';

/** Every form, the most particular first: the order in which `auto` tries them. */
export const FORMS: Readonly<Record<FormName, RowForm>> = {
  sharegpt,
  instruction,
  transcript,
  trl,
  unpaired,
  completion,
};

export type ParsedRow =
  { readonly ok: true; readonly example: PreferenceExample } | { readonly ok: false; readonly problem: string };

/** The form whose columns the row has, if any. */
export function detectForm(value: unknown, columns: Columns): FormName | undefined {
  if (!isFields(value)) return undefined;
  return (Object.keys(FORMS) as FormName[]).find((name) => FORMS[name].fits(value, columns));
}

/** Brings one parsed JSON value into the common form, or says why it cannot be. */
export function parseRow(value: unknown, rowNumber: number, form: FormName, options: ParseOptions): ParsedRow {
  if (!isFields(value)) return { ok: false, problem: 'not an object with columns' };
  try {
    return { ok: true, example: { rowNumber, ...FORMS[form].parse(value, options) } };
  } catch (error) {
    if (error instanceof BadRow) return { ok: false, problem: error.message };
    throw error;
  }
}
