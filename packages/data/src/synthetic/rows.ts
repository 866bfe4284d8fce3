import type { PreferenceExample } from '../formats/example.ts';
import { randomKey, type RandomStream, randomStream } from '../random.ts';
import { randomAnswer } from './answers.ts';
import { type Split, SPLITS, syntheticPrompts } from './prompts.ts';
import { proxyReward } from './reward.ts';

const ANSWER_STREAM = 0x616e7377;
const PAIR_STREAM = 0x70616972;

export interface SyntheticRowsOptions {
  readonly seed: number;
  readonly count: number;
  /** Default train. */
  readonly split?: Split;
}

export interface SyntheticPairsOptions extends SyntheticRowsOptions {
  /** Share of pairs whose label is turned round, 0 … 0.5. Default 0. */
  readonly labelNoise?: number;
  /** What the rater adds per polite word, against a gold penalty of 0.1. Default 0.05. */
  readonly styleBias?: number;
}

/** Answers of every quality, for the model that preference training starts from. */
export function syntheticPretrainingRows({ seed, count, split = 'train' }: SyntheticRowsOptions): PreferenceExample[] {
  return syntheticPrompts(split, seed, count).map((prompt, index) => {
    const random = randomStream(randomKey(seed, ANSWER_STREAM, SPLITS[split].stream, index));
    return { rowNumber: index + 1, prompt, completions: [randomAnswer(prompt, random)] };
  });
}

/** Two answers that the rater does not find equal, the better one first. */
function rankedAnswers(prompt: string, styleBias: number, random: RandomStream): [string, string] {
  for (;;) {
    const first = randomAnswer(prompt, random);
    const second = randomAnswer(prompt, random);
    const difference = proxyReward(prompt, first, styleBias) - proxyReward(prompt, second, styleBias);
    if (Math.abs(difference) > 1e-9) return difference > 0 ? [first, second] : [second, first];
  }
}

/**
 * Preference pairs: two answers of random quality, the one with the higher proxy reward chosen, and a share of
 * `labelNoise` of the labels turned round. Row i depends on the options and i alone.
 */
export function syntheticPairs(options: SyntheticPairsOptions): PreferenceExample[] {
  const { seed, count, split = 'train', labelNoise = 0, styleBias = 0.05 } = options;
  return syntheticPrompts(split, seed, count).map((prompt, index) => {
    const random = randomStream(randomKey(seed, PAIR_STREAM, SPLITS[split].stream, index));
    const turned = random.uniform() < labelNoise;
    const [better, worse] = rankedAnswers(prompt, styleBias, random);
    return { rowNumber: index + 1, prompt, completions: turned ? [worse, better] : [better, worse] };
  });
}
