import { createHash } from 'node:crypto';
import { each, type EncodedRows } from '@tether/data';

/** A prompt of a start token alone: rows without prompts have nothing in common. */
export const NO_PROMPT = 1;

/**
 * The prompt of each row, by the row's number, named by the first row that has its tokens: `row 7`. Rows without a prompt
 * have one of their own. The rows are gone through when the first name is asked for.
 */
export function promptsOfRows(rows: EncodedRows): (rowNumber: number) => string {
  let names: ReadonlyMap<number, string> | undefined;
  return (rowNumber) => (names ??= namePrompts(rows)).get(rowNumber) ?? `row ${rowNumber}`;
}

function namePrompts(rows: EncodedRows): Map<number, string> {
  const byTokens = new Map<string, string>();
  const byRow = new Map<number, string>();
  for (const { rowNumber, prompt } of each(rows)) {
    if (prompt.length <= NO_PROMPT) continue;
    const bytes = new Uint8Array(prompt.buffer, prompt.byteOffset, prompt.byteLength);
    const tokens = createHash('sha256').update(bytes).digest('base64');
    const name = byTokens.get(tokens) ?? `row ${rowNumber}`;
    byTokens.set(tokens, name);
    byRow.set(rowNumber, name);
  }
  return byRow;
}
