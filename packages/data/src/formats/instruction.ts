import { has, optionalText, requiredText } from './fields.ts';
import type { RowForm } from './form.ts';

/** The headings of Alpaca's prompt; it ends with a newline so that the answer starts on a token of its own. */
function asText(instruction: string, input: string): string {
  const inputPart = input === '' ? '' : `### Input:\n${input}\n\n`;
  return `### Instruction:\n${instruction}\n\n${inputPart}### Response:\n`;
}

/** Alpaca-like pairs: `instruction`, maybe `input`, `chosen`, `rejected`, all text. */
export const instruction: RowForm = {
  fits: (row, columns) => [columns.instruction, columns.chosen, columns.rejected].every((column) => has(row, column)),
  parse(row, { columns, instructionsAsMessages }) {
    const task = requiredText(row, columns.instruction);
    const input = optionalText(row, columns.input);
    const answers = [requiredText(row, columns.chosen), requiredText(row, columns.rejected)];
    if (!instructionsAsMessages) return { prompt: asText(task, input), completions: answers };
    return {
      prompt: [{ role: 'user', content: input === '' ? task : `${task}\n\n${input}` }],
      completions: answers.map((content) => [{ role: 'assistant', content }]),
    };
  },
};
