import { BadRow } from '../errors.ts';
import type { Message } from './example.ts';
import { type Fields, has, isFields, optionalText, required } from './fields.ts';
import type { RowForm } from './form.ts';

const ROLES: Readonly<Record<string, string>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  bot: 'assistant',
  assistant: 'assistant',
  function_call: 'assistant',
  observation: 'tool',
  tool: 'tool',
};

function asMessage(turn: unknown, place: string): Message {
  if (!isFields(turn)) throw new BadRow(`${place} must be an object with "from" and "value"`);
  const { from, value } = turn;
  const role = typeof from === 'string' ? ROLES[from] : undefined;
  if (role === undefined) {
    throw new BadRow(
      `${place} has an unknown "from": ${JSON.stringify(from)} (known: ${Object.keys(ROLES).join(', ')})`,
    );
  }
  if (typeof value !== 'string') throw new BadRow(`${place} has no text "value"`);
  return { role, content: value };
}

function turns(row: Fields, column: string): Message[] {
  const value = required(row, column);
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new BadRow(`"${column}" has no turns`);
  return list.map((turn, index) =>
    asMessage(turn, Array.isArray(value) ? `turn ${index + 1} of "${column}"` : `"${column}"`),
  );
}

/** ShareGPT pairs as LLaMA-Factory has them: `conversations`, `chosen` and `rejected` with `from` and `value`. */
export const sharegpt: RowForm = {
  fits: (row, columns) => [columns.conversations, columns.chosen, columns.rejected].every((column) => has(row, column)),
  parse(row, { columns }) {
    const system = optionalText(row, columns.system);
    const conversation = turns(row, columns.conversations);
    return {
      prompt: system === '' ? conversation : [{ role: 'system', content: system }, ...conversation],
      completions: [turns(row, columns.chosen), turns(row, columns.rejected)],
    };
  },
};
