import { dirname } from 'node:path';
import { correctByteFallback } from './byteFallback.ts';
import { chatRenderer } from './chatTemplate.ts';
import { TokenizerError } from './errors.ts';
import { readFiles, type TokenizerFiles } from './files.ts';
import { Tokenizer, type LibraryTokenizer } from './library.ts';
import { exactPreTokenizer } from './preTokenizers.ts';
import type { TextTokenizer } from './textTokenizer.ts';

/** Loads the tokenizer of a Hugging Face folder. Throws TokenizerError. */
export async function loadTokenizer(folder: string): Promise<TextTokenizer> {
  return createTokenizer(await readFiles(folder));
}

/** A tokenizer from the contents of its files. Throws TokenizerError. */
export function createTokenizer(files: TokenizerFiles): TextTokenizer {
  const tokenizer = construct(files);
  const idOf = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : tokenizer.token_to_id(text);
  const eosTokenId = idOf(files.specialTokens.eos_token);
  const bosTokenId = idOf(files.specialTokens.bos_token);
  // The post-processor says what is added, whatever `add_bos_token` in the config says; so does transformers.
  const added = tokenizer.encode('a', { add_special_tokens: true }).ids;
  const cleanUp = files.cleansUpSpaces && files.tokenizer.model.type !== 'BPE'; // as transformers: it corrupts BPE text

  return {
    vocabularySize: largestId(tokenizer) + 1,
    bosTokenId,
    eosTokenId,
    padTokenId: idOf(files.specialTokens.pad_token) ?? eosTokenId ?? 0,
    addsBos: bosTokenId !== undefined && added[0] === bosTokenId,
    addsEos: eosTokenId !== undefined && added.at(-1) === eosTokenId,
    encode(text, { addSpecialTokens = true } = {}) {
      const { ids, tokens } = tokenizer.encode(text, { add_special_tokens: addSpecialTokens });
      return ids.map((id, i) => {
        if (id !== undefined) return id;
        throw new TokenizerError(files.path, `it has no id for ${JSON.stringify(tokens[i])} and no unknown token`);
      });
    },
    decode(ids, { skipSpecialTokens = false } = {}) {
      const known = Array.from(ids).filter((id) => tokenizer.id_to_token(id) !== undefined);
      if (known.length === 0) return '';
      return tokenizer.decode(known, { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: cleanUp });
    },
    ...(files.chatTemplate !== undefined && {
      applyChatTemplate: chatRenderer(files.chatTemplate, files.specialTokens, dirname(files.path)),
    }),
  };
}

function construct({ path, tokenizer }: TokenizerFiles): LibraryTokenizer {
  try {
    const absent = { decoder: null, post_processor: null, pre_tokenizer: null, normalizer: null };
    // Of the config, word-level models need the unknown token; whatever else the package would read is handled here.
    const config = { unk_token: tokenizer.model.unk_token };
    const exact = { ...absent, ...tokenizer, added_tokens: tokenizer.added_tokens ?? [] };
    const built = new Tokenizer({ ...exact, pre_tokenizer: exactPreTokenizer(exact.pre_tokenizer) }, config);
    correctByteFallback(built.decoder);
    return built;
  } catch (cause) {
    throw new TokenizerError(path, `it cannot be used: ${(cause as Error).message}`, { cause });
  }
}

function largestId(tokenizer: LibraryTokenizer): number {
  let largest = -1;
  for (const id of tokenizer.get_vocab().values()) largest = Math.max(largest, id);
  return largest;
}
