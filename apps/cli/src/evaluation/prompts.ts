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

export interface EvaluationPrompts {
  readonly prompts: readonly EvaluationPrompt[];
  /** Prompts passed over: they leave no room for an answer, or are empty and the tokenizer has no start token. */
  readonly passedOver: number;
}

/**
 * The first `count` prompts of every split: for the synthetic task those held out and those from a shifted
 * distribution, otherwise the prompts of the evaluation rows.
 */
export async function evaluationPrompts(
  config: DataConfig,
  dataset: Dataset,
  tokenizer: TextTokenizer,
  count: number,
  longestPrompt: number,
): Promise<EvaluationPrompts> {
  if (config.synthetic === undefined) return dataPrompts(dataset, tokenizer, count, longestPrompt);
  const all = taskPrompts(config.synthetic.seed, count, tokenizer);
  const short = all.filter(({ tokens }) => tokens.length <= longestPrompt);
  return { prompts: short, passedOver: all.length - short.length };
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

async function dataPrompts(
  dataset: Dataset,
  tokenizer: TextTokenizer,
  count: number,
  longestPrompt: number,
): Promise<EvaluationPrompts> {
  const seen = new Set<string>();
  const prompts: EvaluationPrompt[] = [];
  let passedOver = 0;
  if (count === 0) return { prompts, passedOver };
  for await (const { rowNumber, prompt, completions, label } of dataset.examples('eval')) {
    const text = plainText(prompt);
    if (seen.has(text)) continue;
    seen.add(text);
    const tokens = startedPrompt(tokenizePrompt(prompt, tokenizer), tokenizer);
    if (tokens.length === 0 || tokens.length > longestPrompt) {
      passedOver++;
      continue;
    }
    const reference = completions[0] === undefined || label === false ? {} : { reference: plainText(completions[0]) };
    prompts.push({ id: `row ${rowNumber}`, split: 'heldout', text, tokens, ...reference });
    if (prompts.length === count) break;
  }
  return { prompts, passedOver };
}

/** An empty prompt begins as in training: with the start token, or the end token where that starts documents. */
function startedPrompt(tokens: readonly number[], { bosTokenId, eosTokenId }: TextTokenizer): readonly number[] {
  const start = bosTokenId ?? eosTokenId;
  return tokens.length > 0 || start === undefined ? tokens : [start];
}

/** The synthetic task's exact reward of an answer; undefined for other data. */
export const goldOf = (config: DataConfig, prompt: string, answer: string): number | undefined =>
  config.synthetic === undefined ? undefined : goldReward(prompt, answer);
