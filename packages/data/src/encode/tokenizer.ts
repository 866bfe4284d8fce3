import type { Message } from '../formats/example.ts';

/** What the data package needs of a tokenizer. The model package has one for Hugging Face's tokenizer.json. */
export interface TextTokenizer {
  /**
   * Token ids of a text, with the special tokens that the tokenizer puts around a text of its own (a start token, for
   * example) unless `addSpecialTokens` is false. Special tokens written in the text become their ids.
   */
  encode(text: string, options?: { readonly addSpecialTokens: boolean }): number[];
  decode(ids: readonly number[]): string;
  readonly eosTokenId: number | undefined;
  readonly bosTokenId: number | undefined;
  readonly padTokenId: number;
  readonly vocabularySize: number;
  /** The conversation as one text, special tokens included. Missing when the model has no chat template. */
  applyChatTemplate?(messages: readonly Message[], options: { readonly addGenerationPrompt: boolean }): string;
}
