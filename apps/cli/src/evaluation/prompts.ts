import {
  syntheticPrompts,
  tokenizePrompt,
  plainText,
  goldReward,
  type DataConfig,
  type Dataset,
  type TextTokenizer,
} from '@tether/data';

/** A prompt that answers are sampled for. */
export interface EvaluationPrompt {
  /** Equal in every run of a comparison. */
  readonly id: string;
  readonly split: string;
  readonly text: string;
  readonly tokens: readonly number[];
  /** The data's preferred answer, where there is one. */
  readonly reference?: string;
}

const SYNTHETIC_SPLITS = ['heldout', 'shifted'] as const;

/**
 * Prompts of every split: for the synthetic task those held out and those from a shifted distribution, otherwise the
 * prompts of the evaluation rows. At most `count` of each; prompts that leave no room for an answer are left out, and counted.
 */
export function evaluationPrompts(
  config: DataConfig,
  dataset: Dataset,
  tokenizer: TextTokenizer,
  count: number,
  longestPrompt: number,
): { readonly prompts: readonly EvaluationPrompt[]; readonly tooLong: number } {
  const all =
    config.synthetic === undefined
      ? dataPrompts(dataset, tokenizer)
      : taskPrompts(config.synthetic.seed, count, tokenizer);
  const short = all.filter(({ tokens }) => tokens.length <= longestPrompt);
  const splits = [...new Set(short.map(({ split }) => split))];
  return {
    prompts: splits.flatMap((split) => short.filter((prompt) => prompt.split === split).slice(0, count)),
    tooLong: all.length - short.length,
  };
}

function taskPrompts(seed: number, count: number, tokenizer: TextTokenizer): EvaluationPrompt[] {
  return SYNTHETIC_SPLITS.flatMap((split) =>
    syntheticPrompts(split, seed, count).map((text) => ({
      id: text,
      split,
      text,
      tokens: tokenizePrompt(text, tokenizer),
    })),
  );
}

function dataPrompts({ examples }: Dataset, tokenizer: TextTokenizer): EvaluationPrompt[] {
  const seen = new Set<string>();
  return examples.eval.flatMap(({ rowNumber, prompt, completions }) => {
    const text = plainText(prompt);
    if (seen.has(text)) return [];
    seen.add(text);
    const reference = completions[0] === undefined ? {} : { reference: plainText(completions[0]) };
    return [
      { id: `row ${rowNumber}`, split: 'heldout', text, tokens: tokenizePrompt(prompt, tokenizer), ...reference },
    ];
  });
}

/** The synthetic task's exact reward of an answer; undefined for other data. */
export const goldOf = (config: DataConfig, prompt: string, answer: string): number | undefined =>
  config.synthetic === undefined ? undefined : goldReward(prompt, answer);
