import type { RandomStream } from '../random.ts';
import { promptLetters } from './reward.ts';
import { LETTERS, POLITE_WORDS } from './vocabulary.ts';

/** How often an answer has 0, 1, 2, … mistakes, and 0, 1, 2, … polite words. Each list sums to 1. */
export const MISTAKE_SHARES = [0.4, 0.35, 0.25] as const;
export const POLITE_SHARES = [0.5, 0.25, 0.15, 0.1] as const;

function pickCount(random: RandomStream, shares: readonly number[]): number {
  const drawn = random.uniform();
  let sum = 0;
  const count = shares.findIndex((share) => drawn < (sum += share));
  return count < 0 ? shares.length - 1 : count;
}

type Mistake = (letters: readonly string[], place: number, random: RandomStream) => string[];

/** The mistakes an answer may have, each at one place. */
const MISTAKES: readonly Mistake[] = [
  function swapNeighbours(letters, place) {
    const first = Math.min(place, letters.length - 2);
    return letters.map((letter, k) => (k === first ? letters[first + 1]! : k === first + 1 ? letters[first]! : letter));
  },
  (letters, place, random) => letters.with(place, random.pick(LETTERS)), // a wrong letter
  (letters, place) => letters.toSpliced(place, 1), // a letter left out
  (letters, place) => letters.toSpliced(place, 0, letters[place]!), // a letter twice
];

/**
 * An answer of random quality: the sorted letters with up to two mistakes, and up to three polite words before and
 * after. It begins with a space, so that prompt + answer reads as one text.
 */
export function randomAnswer(prompt: string, random: RandomStream): string {
  let letters = promptLetters(prompt).sort();
  const mistakes = pickCount(random, MISTAKE_SHARES);
  for (let k = 0; k < mistakes; k++) letters = random.pick(MISTAKES)(letters, random.integer(letters.length), random);
  const before: string[] = [];
  const after: string[] = [];
  const politeWords = pickCount(random, POLITE_SHARES);
  for (let k = 0; k < politeWords; k++) (random.uniform() < 0.5 ? before : after).push(random.pick(POLITE_WORDS));
  return ` ${[...before, ...letters, ...after].join(' ')}`;
}
