import type { PreferenceExample } from '../formats/example.ts';
import type { EncodeOptions } from './config.ts';
import { tokenizePrompt, tokenizeWhole, withEnd } from './tokenize.ts';
import type { TextTokenizer } from './tokenizer.ts';

/** A prompt and its completions as token ids, before truncation. */
export interface TokenParts {
  readonly prompt: number[];
  readonly completions: number[][];
}

export interface SplitExample extends TokenParts {
  /** How many of the prompt's own tokens the joint tokens do not begin with; 0 when they agree. */
  readonly mismatchedTokens: number;
}

export function commonPrefixLength(first: readonly number[], second: readonly number[]): number {
  const longest = Math.min(first.length, second.length);
  let length = 0;
  while (length < longest && first[length] === second[length]) length++;
  return length;
}

/** Completions tokenized on their own: the prompt stays as at inference, the tokens at the seam may be unusual. */
function separately(example: PreferenceExample, prompt: number[], tokenizer: TextTokenizer): TokenParts {
  const completions = example.completions.map((completion) =>
    withEnd(tokenizer.encode(completion as string, { addSpecialTokens: false }), tokenizer),
  );
  return { prompt, completions };
}

/**
 * Cuts the tokens of prompt + completion into the shared prompt and the completions, as TRL 1.x does: the completion
 * starts where the tokens of the whole and of the prompt alone part. They part early when a token spans the seam, or
 * when the chat template renders the prompt differently with an answer; such rows are counted.
 */
export function splitAtBoundary(
  example: PreferenceExample,
  tokenizer: TextTokenizer,
  onMismatch: EncodeOptions['prefix_mismatch'],
): SplitExample {
  const prompt = tokenizePrompt(example.prompt, tokenizer);
  const wholes = example.completions.map((completion) => tokenizeWhole(example.prompt, completion, tokenizer));
  const shared = Math.min(...wholes.map((whole) => commonPrefixLength(prompt, whole)));
  const mismatchedTokens = prompt.length - shared;
  if (mismatchedTokens > 0 && onMismatch === 'separate' && typeof example.prompt === 'string') {
    return { ...separately(example, prompt, tokenizer), mismatchedTokens };
  }
  return { prompt: prompt.slice(0, shared), completions: wholes.map((whole) => whole.slice(shared)), mismatchedTokens };
}

/**
 * Gives every row a prompt token, since the first predicted token needs a position that predicts it.
 * A completion to imitate passes its first token on (nothing could predict it); a preference gets the tokenizer's start
 * token, or its end token where that serves as the start of documents. Undefined when neither is possible.
 */
export function withPromptToken(
  parts: TokenParts,
  isPreference: boolean,
  tokenizer: TextTokenizer,
): TokenParts | undefined {
  if (parts.prompt.length > 0) return parts;
  const only = isPreference ? undefined : parts.completions[0]!;
  if (only !== undefined) {
    return only.length > 1 ? { prompt: only.slice(0, 1), completions: [only.slice(1)] } : undefined;
  }
  const start = tokenizer.bosTokenId ?? tokenizer.eosTokenId;
  return start === undefined ? undefined : { ...parts, prompt: [start] };
}
