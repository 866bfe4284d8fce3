import type { Columns } from './config.ts';
import type { PreferenceExample } from './example.ts';
import type { Fields } from './fields.ts';

export interface ParseOptions {
  readonly columns: Columns;
  /** Instruction rows and transcripts become messages (for a model with a chat template) or plain text. */
  readonly instructionsAsMessages: boolean;
}

/** One form of rows: how it is recognised and how it is brought into the common form. */
export interface RowForm {
  /** Whether the row has this form's columns. */
  fits(row: Fields, columns: Columns): boolean;
  /** @throws BadRow saying what is missing or wrong. */
  parse(row: Fields, options: ParseOptions): Omit<PreferenceExample, 'rowNumber'>;
}
