import * as tokenizers from '@huggingface/tokenizers';

/**
 * The parts of `@huggingface/tokenizers` that are used here. Its own type declarations import each other without file
 * extensions, which TypeScript does not resolve under `nodenext`, so what it exports would be untyped.
 */
export interface LibraryTokenizer {
  readonly decoder: LibraryDecoder | null;
  /** An id is undefined for a token without one when the model has no unknown token. */
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[]; tokens: string[] };
  /** `ids` must not be empty. */
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
}

export interface LibraryDecoder {
  decode_chain(tokens: readonly string[]): string[];
}

interface Library {
  readonly Tokenizer: new (tokenizer: object, config: object) => LibraryTokenizer;
  readonly SequenceDecoder: new (config: object) => LibraryDecoder & { readonly decoders: readonly LibraryDecoder[] };
  readonly ByteFallbackDecoder: new (config: object) => LibraryDecoder;
}

export const { Tokenizer, SequenceDecoder, ByteFallbackDecoder } = tokenizers as unknown as Library;
