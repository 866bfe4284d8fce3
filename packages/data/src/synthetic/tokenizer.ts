import type { TextTokenizer } from '../encode/tokenizer.ts';
import { SPECIAL_TOKENS, TOKEN_IDS, VOCABULARY } from './vocabulary.ts';

const idOf = (token: string): number => TOKEN_IDS.get(token) ?? TOKEN_IDS.get(SPECIAL_TOKENS.unknown)!;

/** Words, and special tokens even where no space stands around them. */
const SPECIAL = Object.values(SPECIAL_TOKENS).join('|');
const TOKEN_PATTERN = new RegExp(`${SPECIAL}|(?:(?!${SPECIAL})\\S)+`, 'g');

/** One token per word. A text starts with `<s>`; special tokens vanish in decoded text. */
export const syntheticTokenizer: TextTokenizer = {
  encode(text, options) {
    const ids = (text.match(TOKEN_PATTERN) ?? []).map(idOf);
    return options?.addSpecialTokens === false ? ids : [idOf(SPECIAL_TOKENS.start), ...ids];
  },
  decode(ids) {
    const special: ReadonlySet<string> = new Set(Object.values(SPECIAL_TOKENS));
    return ids
      .map((id) => VOCABULARY[id] ?? SPECIAL_TOKENS.unknown)
      .filter((token) => !special.has(token))
      .join(' ');
  },
  bosTokenId: idOf(SPECIAL_TOKENS.start),
  eosTokenId: idOf(SPECIAL_TOKENS.end),
  padTokenId: idOf(SPECIAL_TOKENS.pad),
  vocabularySize: VOCABULARY.length,
};

/** The same tokenizer as the content of a Hugging Face `tokenizer.json`. */
export function syntheticTokenizerJson(): Record<string, unknown> {
  const { start } = SPECIAL_TOKENS;
  const startPiece = { SpecialToken: { id: start, type_id: 0 } };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.values(SPECIAL_TOKENS).map((content) => ({
      id: idOf(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [startPiece, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [startPiece, { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { [start]: { id: start, ids: [idOf(start)], tokens: [start] } },
    },
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(TOKEN_IDS), unk_token: SPECIAL_TOKENS.unknown },
  };
}

/** Content of the `tokenizer_config.json` that belongs to it. */
export function syntheticTokenizerConfig(): Record<string, unknown> {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: SPECIAL_TOKENS.start,
    eos_token: SPECIAL_TOKENS.end,
    pad_token: SPECIAL_TOKENS.pad,
    unk_token: SPECIAL_TOKENS.unknown,
    clean_up_tokenization_spaces: false,
    model_max_length: 64,
  };
}
