import { BadRow } from '../errors.ts';
import type { Columns } from './config.ts';
import type { Message, PromptOrCompletion } from './example.ts';
import { type Fields, has, requiredTextOrMessages } from './fields.ts';
import type { RowForm } from './form.ts';

function sharedLength<Item>(
  first: ArrayLike<Item>,
  second: ArrayLike<Item>,
  same: (a: Item, b: Item) => boolean,
): number {
  // Each side keeps at least one item: a completion that is the other's beginning must not vanish into the prompt.
  const longest = Math.min(first.length, second.length) - 1;
  let length = 0;
  while (length < longest && same(first[length]!, second[length]!)) length++;
  return Math.max(0, length);
}

const sameMessage = (a: Message, b: Message): boolean => a.role === b.role && a.content === b.content;

/**
 * Both texts begin with the prompt: it is their common beginning. As in TRL, a space before the first difference
 * belongs to the completions. A surrogate pair is never cut in two.
 */
function splitTexts(chosen: string, rejected: string): { prompt: string; completions: string[] } {
  let length = sharedLength<string>(chosen, rejected, (a, b) => a === b);
  if (/[\uD800-\uDBFF]/.test(chosen[length - 1] ?? '')) length--;
  if (chosen[length - 1] === ' ') length--;
  return { prompt: chosen.slice(0, length), completions: [chosen.slice(length), rejected.slice(length)] };
}

function splitMessages(chosen: readonly Message[], rejected: readonly Message[]) {
  const length = sharedLength(chosen, rejected, sameMessage);
  return { prompt: chosen.slice(0, length), completions: [chosen.slice(length), rejected.slice(length)] };
}

/** Some sets give the prompt as text and repeat it as the first user turn of whole conversations. */
function conversationsRepeat(prompt: string, sides: readonly (readonly Message[])[]): boolean {
  return sides.every(
    (side) => side.length > 1 && side.some(({ role, content }) => role === 'user' && content === prompt),
  );
}

function explicit(
  prompt: PromptOrCompletion,
  chosen: PromptOrCompletion,
  rejected: PromptOrCompletion,
  columns: Columns,
) {
  if (typeof chosen === 'string' || typeof rejected === 'string') {
    if (typeof prompt === 'string' && typeof chosen === typeof rejected)
      return { prompt, completions: [chosen, rejected] };
    const names = `"${columns.prompt}", "${columns.chosen}" and "${columns.rejected}"`;
    throw new BadRow(`${names} must be all text or all messages`);
  }
  if (typeof prompt !== 'string') return { prompt, completions: [chosen, rejected] };
  if (conversationsRepeat(prompt, [chosen, rejected])) return splitMessages(chosen, rejected);
  return { prompt: [{ role: 'user', content: prompt }], completions: [chosen, rejected] };
}

/** TRL's preference columns: `chosen`, `rejected` and maybe `prompt`, each text or messages. */
export const trl: RowForm = {
  fits: (row: Fields, columns) => has(row, columns.chosen) && has(row, columns.rejected),
  parse(row, { columns }) {
    const chosen = requiredTextOrMessages(row, columns.chosen);
    const rejected = requiredTextOrMessages(row, columns.rejected);
    if (has(row, columns.prompt))
      return explicit(requiredTextOrMessages(row, columns.prompt), chosen, rejected, columns);
    if (typeof chosen === 'string' && typeof rejected === 'string') return splitTexts(chosen, rejected);
    if (typeof chosen !== 'string' && typeof rejected !== 'string') {
      const split = splitMessages(chosen, rejected);
      if (split.prompt.length === 0) {
        throw new BadRow(`no "${columns.prompt}" column, and the conversations share no first message`);
      }
      return split;
    }
    throw new BadRow(`"${columns.chosen}" and "${columns.rejected}" must be both text or both messages`);
  },
};
