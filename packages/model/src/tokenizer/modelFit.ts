import type { ModelConfig } from '../config/index.ts';
import { TokenizerError } from './errors.ts';
import type { TextTokenizer } from './textTokenizer.ts';

/** Throws TokenizerError when the tokenizer has ids for which the model has no embedding. `folder` is for the message. */
export function checkTokenizerFits(tokenizer: TextTokenizer, config: ModelConfig, folder: string): void {
  if (tokenizer.vocabularySize <= config.vocabSize) return;
  throw new TokenizerError(
    folder,
    `the tokenizer does not fit the model: its ids go up to ${tokenizer.vocabularySize - 1}, ` +
      `but the model's vocab_size is ${config.vocabSize}, so ids must be below that`,
  );
}

/** The special ids that training and generation need. */
export interface SpecialTokenIds {
  readonly bos: number | undefined;
  /** Ids that end a generation: those of the model's files and the tokenizer's own. */
  readonly endOfText: readonly number[];
  /** The id for padding: it is masked everywhere, so any valid id does; the end token where there is no pad token. */
  readonly padding: number;
}

/** Joins what the model's config and the tokenizer say; the tokenizer comes first, since it made the training text. */
export function specialTokenIds(tokenizer: TextTokenizer, config: ModelConfig): SpecialTokenIds {
  const endOfText = [
    ...new Set([...(tokenizer.eosTokenId === undefined ? [] : [tokenizer.eosTokenId]), ...config.eosTokenIds]),
  ];
  return {
    bos: tokenizer.bosTokenId ?? config.bosTokenId,
    endOfText,
    padding: tokenizer.padTokenId ?? config.padTokenId ?? endOfText[0] ?? 0,
  };
}
