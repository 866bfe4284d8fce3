import { BadRow } from '../errors.ts';
import type { Message } from './example.ts';
import { type Fields, has, requiredText } from './fields.ts';
import type { RowForm } from './form.ts';

/** Where a turn of a transcript begins: Anthropic's hh-rlhf writes "\n\nHuman: …\n\nAssistant: …". */
const HEADING = /(?:^|\n\n)(Human|Assistant):/g;
const ROLES: Readonly<Record<string, string>> = { Human: 'user', Assistant: 'assistant' };

interface Turn extends Message {
  /** The turn as it stands, heading and spaces included: joined, the turns give the transcript. */
  readonly text: string;
  /** What stands behind the heading, spaces included. */
  readonly said: string;
}

function turnsOf(transcript: string, column: string): Turn[] {
  const headings = [...transcript.matchAll(HEADING)];
  const before = transcript.slice(0, headings[0]?.index);
  if (headings.length === 0 || before.trim() !== '') {
    throw new BadRow(
      `"${column}" must begin with "Human:" or "Assistant:", found ${JSON.stringify(before.slice(0, 40))}`,
    );
  }
  return headings.map((heading, index) => {
    const text = transcript.slice(heading.index, headings[index + 1]?.index);
    const said = text.slice(heading[0].length);
    return { role: ROLES[heading[1]!]!, content: said.trim(), text, said };
  });
}

/** Turns that both sides share; each keeps at least one of its own. */
function sharedTurns(chosen: readonly Turn[], rejected: readonly Turn[]): number {
  const longest = Math.min(chosen.length, rejected.length) - 1;
  const parting = chosen.findIndex((turn, index) => index >= longest || turn.text !== rejected[index]!.text);
  return parting;
}

const asMessage = ({ role, content }: Turn): Message => ({ role, content });

/** The transcript of a side's own turns, without its first heading: that ends the prompt. */
const continuation = ([first, ...others]: readonly Turn[]): string =>
  first!.said + others.map(({ text }) => text).join('');

const isTranscript = (row: Fields, column: string): boolean => {
  const value = row[column];
  return typeof value === 'string' && /^\s*Human:/.test(value) && value.includes('\n\nAssistant:');
};

/**
 * Pairs of whole transcripts, as Anthropic's hh-rlhf has them: `chosen` and `rejected`, each "\n\nHuman: …
 * \n\nAssistant: …". The prompt is what they share. As messages for a model with a chat template; as text, the prompt
 * ends with "\n\nAssistant:", as in the DPO authors' code.
 */
export const transcript: RowForm = {
  fits: (row, columns) =>
    !has(row, columns.prompt) && isTranscript(row, columns.chosen) && isTranscript(row, columns.rejected),
  parse(row, { columns, instructionsAsMessages }) {
    const names = [columns.chosen, columns.rejected];
    const sides = names.map((column) => turnsOf(requiredText(row, column), column));
    const shared = sharedTurns(sides[0]!, sides[1]!);
    const prompt = sides[0]!.slice(0, shared);
    const own = sides.map((side) => side.slice(shared));
    if (prompt.length === 0) throw new BadRow('the transcripts share no first turn');
    const odd = own.findIndex(([first]) => first!.role !== 'assistant');
    if (odd >= 0) throw new BadRow(`the transcripts part at a turn of the human ("${names[odd]}", turn ${shared + 1})`);
    if (instructionsAsMessages) {
      return { prompt: prompt.map(asMessage), completions: own.map((side) => side.map(asMessage)) };
    }
    return { prompt: `${prompt.map(({ text }) => text).join('')}\n\nAssistant:`, completions: own.map(continuation) };
  },
};
