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
  /** Every id that ends a generation: the tokenizer's and those of config.json or generation_config.json. */
  readonly endOfText: readonly number[];
  readonly padding: number;
}

/** Joins what the tokenizer and the model's config say; the tokenizer comes first, since it made the training text. */
export function specialTokenIds(tokenizer: TextTokenizer, config: ModelConfig): SpecialTokenIds {
  const own = tokenizer.eosTokenId === undefined ? [] : [tokenizer.eosTokenId];
  return {
    bos: tokenizer.bosTokenId ?? config.bosTokenId,
    endOfText: [...new Set([...own, ...config.eosTokenIds])],
    padding: tokenizer.padTokenId,
  };
}
