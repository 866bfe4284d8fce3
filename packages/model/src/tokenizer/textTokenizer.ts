/** One turn of a conversation. Further fields reach the chat template as they are. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

export interface ChatTemplateOptions {
  /** End with the words that open the assistant's turn. Default false. */
  readonly addGenerationPrompt?: boolean;
  /** Further variables of the template, such as `enable_thinking` or `date_string`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Text to token ids and back. */
export interface TextTokenizer {
  /** The largest id + 1. */
  readonly vocabularySize: number;
  readonly bosTokenId: number | undefined;
  readonly eosTokenId: number | undefined;
  /** Padding is masked wherever it stands, so a tokenizer without a pad token gives its end token, or 0. */
  readonly padTokenId: number;
  /** Whether a text of its own gets the begin token in front. */
  readonly addsBos: boolean;
  /** Whether a text of its own gets the end token behind. */
  readonly addsEos: boolean;
  /**
   * Ids of a text. As in transformers, special tokens written in the text become their ids, and the tokens that the tokenizer
   * puts around a text of its own are added unless `addSpecialTokens` is false.
   */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** The text of ids. Ids without a token are passed over, as in transformers. */
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  /**
   * The conversation as one text, special tokens written out: encode it with `addSpecialTokens: false`. Missing when the
   * folder has no chat template. Throws TokenizerError when the template is malformed or refuses the conversation.
   */
  applyChatTemplate?(messages: readonly ChatMessage[], options?: ChatTemplateOptions): string;
}
