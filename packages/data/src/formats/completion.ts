import { BadRow } from '../errors.ts';
import type { Columns } from './config.ts';
import type { PromptOrCompletion } from './example.ts';
import { type Fields, has, requiredText, requiredTextOrMessages } from './fields.ts';
import type { RowForm } from './form.ts';

/** `prompt` and `completion`, both text or both messages. */
export function promptAndCompletion(
  row: Fields,
  columns: Columns,
): { readonly prompt: PromptOrCompletion; readonly completions: readonly PromptOrCompletion[] } {
  const prompt = requiredTextOrMessages(row, columns.prompt);
  const answer = requiredTextOrMessages(row, columns.completion);
  if (typeof prompt !== typeof answer) {
    throw new BadRow(`"${columns.prompt}" and "${columns.completion}" must be both text or both messages`);
  }
  return { prompt, completions: [answer] };
}

/**
 * One completion to imitate: `prompt` and `completion` (text or messages), or plain `text` to continue from nothing. Of rows
 * with a `label` (unpaired preferences), those labelled true.
 */
export const completion: RowForm = {
  fits: (row, columns) => has(row, columns.completion) || has(row, columns.text),
  parse(row, { columns }) {
    if (row[columns.label] === false) {
      throw new BadRow(
        `"${columns.label}" is false: an undesirable completion is nothing to imitate; as preferences (objective kto), such ` +
          'rows are of format unpaired',
      );
    }
    if (!has(row, columns.completion) && has(row, columns.text)) {
      return { prompt: '', completions: [requiredText(row, columns.text)] };
    }
    return promptAndCompletion(row, columns);
  },
};
