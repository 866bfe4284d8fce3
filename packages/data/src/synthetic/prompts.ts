import { DataError } from '../errors.ts';
import { hashText, randomKey, randomPermutation, type RandomStream, randomStream } from '../random.ts';
import { ANSWER_MARK, COMMAND, LETTERS } from './vocabulary.ts';

/** train and heldout: 4–6 letters, never the same list in both. shifted: 7–8 letters, longer than any trained on. */
export const SPLITS = {
  train: { stream: 1, lengths: [4, 5, 6], heldOut: false },
  heldout: { stream: 2, lengths: [4, 5, 6], heldOut: true },
  shifted: { stream: 3, lengths: [7, 8], heldOut: undefined },
} as const;
export type Split = keyof typeof SPLITS;

/** One list in five is held out, by a hash of the list: the same for every seed. */
const HELD_OUT_ONE_IN = 5;
const isHeldOut = (prompt: string): boolean => hashText(prompt) % HELD_OUT_ONE_IN === 0;

const PROMPT_STREAM = 0x70726f6d;
const ATTEMPTS = 1000;

/** Different letters in random order, as `sort d a c b =`. */
function randomPrompt(random: RandomStream, lengths: readonly number[]): string {
  const order = randomPermutation(randomKey(random.integer(2 ** 32), PROMPT_STREAM), LETTERS.length);
  const letters = order.slice(0, random.pick(lengths)).map((place) => LETTERS[place]!);
  return [COMMAND, ...letters, ANSWER_MARK].join(' ');
}

/**
 * `count` different prompts of a split.
 * @throws DataError when the split does not have that many.
 */
export function syntheticPrompts(split: Split, seed: number, count: number): string[] {
  const { stream, lengths, heldOut } = SPLITS[split];
  const random = randomStream(randomKey(seed, PROMPT_STREAM, stream));
  const prompts = new Set<string>();
  for (let attempts = 0; prompts.size < count; attempts++) {
    const prompt = randomPrompt(random, lengths);
    if ((heldOut === undefined || heldOut === isHeldOut(prompt)) && !prompts.has(prompt)) {
      prompts.add(prompt);
      attempts = 0;
    } else if (attempts > ATTEMPTS) {
      throw new DataError(
        `the synthetic task has too few ${split} prompts for ${count} different ones; ask for fewer.`,
      );
    }
  }
  return [...prompts];
}
