import type { TextTokenizer as DataTokenizer } from '@tether/data';
import {
  checkParameters,
  checkTokenizerFits,
  llama,
  loadModelConfig,
  loadTokenizer,
  modelParameters,
  openCheckpoint,
  readTokenizerFiles,
  specialTokenIds,
  type TextTokenizer,
} from '@tether/model';
import type { PreparedModel } from './preparedModel.ts';

export interface ModelOptions {
  readonly rematerialize: boolean;
}

/**
 * Loads a Hugging Face folder: config, tokenizer (which must fit the model), then the weights, tensor by tensor.
 * Throws CheckpointError, ModelConfigError or TokenizerError.
 */
export async function loadModel(folder: string, options: ModelOptions): Promise<PreparedModel> {
  const { config, json, generationJson } = await loadModelConfig(folder);
  const tokenizer = await loadTokenizer(folder);
  checkTokenizerFits(tokenizer, config, folder);
  const reader = await openCheckpoint(folder);
  const weights = new Map<string, Float32Array>();
  try {
    checkParameters(reader, config);
    for (const { name } of modelParameters(config)) weights.set(name, await reader.read(name));
  } finally {
    await reader.close();
  }
  return {
    origin: folder,
    model: llama(config, { rematerialize: options.rematerialize }),
    weights,
    tokenizer: dataTokenizer(tokenizer),
    eosTokenIds: specialTokenIds(tokenizer, config).endOfText,
    maxLength: config.maxPositionEmbeddings,
    configJson: json,
    generationJson,
    tokenizerFiles: await readTokenizerFiles(folder),
  };
}

/** The tokenizer as the data package wants it: texts of answers without special tokens. */
function dataTokenizer(tokenizer: TextTokenizer): DataTokenizer {
  const { applyChatTemplate } = tokenizer;
  return {
    encode: (text, options) => tokenizer.encode(text, options),
    decode: (ids) => tokenizer.decode(ids, { skipSpecialTokens: true }),
    eosTokenId: tokenizer.eosTokenId,
    bosTokenId: tokenizer.bosTokenId,
    padTokenId: tokenizer.padTokenId,
    vocabularySize: tokenizer.vocabularySize,
    ...(applyChatTemplate === undefined
      ? {}
      : { applyChatTemplate: (messages, options) => applyChatTemplate.call(tokenizer, messages, options) }),
  };
}
