/** One turn of a conversation. Further fields are passed to the chat template as they are. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
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
  readonly padTokenId: number | undefined;
  /** Whether `addSpecialTokens` puts the begin token in front. */
  readonly addsBos: boolean;
  /** Whether `addSpecialTokens` puts the end token behind. */
  readonly addsEos: boolean;
  /** Whether the folder has a chat template. */
  readonly hasChatTemplate: boolean;
  /** Ids of a text. Special tokens written in the text are recognized, as in transformers; none is added unless asked for. */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** The text of ids. Ids without a token are passed over, as in transformers. */
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  /** The conversation as one text, special tokens written out: encode it without adding any. Throws TokenizerError. */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatTemplateOptions): string;
}
