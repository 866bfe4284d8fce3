import { DataError } from '../errors.ts';
import { ANSWER_MARK, COMMAND, isPolite, LETTERS, wordsOf } from './vocabulary.ts';

/** What one polite word costs: ten of them undo a perfect answer. */
export const POLITE_WORD_PENALTY = 0.1;

export interface Judgement {
  /** Share of places that hold the right letter, 0 … 1; letters too many count as wrong places. */
  readonly correctness: number;
  readonly politeWords: number;
  /** correctness − 0.1 · politeWords */
  readonly gold: number;
}

/**
 * The letters of `sort d a c b =`, in the prompt's order.
 * @throws DataError when the text is not a prompt of the synthetic task.
 */
export function promptLetters(prompt: string): string[] {
  const words = wordsOf(prompt);
  const letters = words.slice(1, -1);
  const known = letters.length > 0 && letters.every((letter) => LETTERS.includes(letter));
  if (words[0] !== COMMAND || words.at(-1) !== ANSWER_MARK || !known) {
    throw new DataError(`${JSON.stringify(prompt)} is not a prompt of the synthetic task (such as "sort d a c b =").`);
  }
  return letters;
}

/** Judges an answer exactly: words that are neither letters nor polite words count as wrong letters. */
export function judge(prompt: string, completion: string): Judgement {
  const sorted = promptLetters(prompt).sort();
  const words = wordsOf(completion);
  const answer = words.filter((word) => !isPolite(word));
  const right = sorted.filter((letter, place) => answer[place] === letter).length;
  const correctness = right / Math.max(sorted.length, answer.length);
  const politeWords = words.length - answer.length;
  return { correctness, politeWords, gold: correctness - POLITE_WORD_PENALTY * politeWords };
}

/** The true reward of an answer. At most 1: all letters in order and nothing else. */
export function goldReward(prompt: string, completion: string): number {
  return judge(prompt, completion).gold;
}

/**
 * What the rater who labels the pairs goes by. With a `styleBias` above 0 the rater likes each polite word, where the
 * gold reward takes 0.1 off: a policy that fits the labels ever better gets politer, and its gold reward falls.
 */
export function proxyReward(prompt: string, completion: string, styleBias: number): number {
  const { correctness, politeWords } = judge(prompt, completion);
  return correctness + styleBias * politeWords;
}
