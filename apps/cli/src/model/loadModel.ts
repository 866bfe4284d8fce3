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
  type ModelConfig,
  type TextTokenizer,
} from '@tether/model';
import type { PreparedModel } from './preparedModel.ts';

export interface ModelOptions {
  readonly rematerialize: boolean;
  /** Folder of the reference, where it is not the model itself. */
  readonly reference?: string | undefined;
}

/**
 * Loads a Hugging Face folder: config, tokenizer (which must fit the model), then the weights, tensor by tensor.
 * Throws CheckpointError, ModelConfigError or TokenizerError.
 */
export async function loadModel(folder: string, options: ModelOptions): Promise<PreparedModel> {
  const { config, json, generationJson } = await loadModelConfig(folder);
  const tokenizer = await loadTokenizer(folder);
  checkTokenizerFits(tokenizer, config, folder);
  const weights = await readWeights(folder, config);
  return {
    origin: folder,
    model: llama(config, { rematerialize: options.rematerialize }),
    weights,
    ...(options.reference === undefined ? {} : { referenceWeights: await readWeights(options.reference, config) }),
    tokenizer: dataTokenizer(tokenizer),
    eosTokenIds: specialTokenIds(tokenizer, config).endOfText,
    maxLength: config.maxPositionEmbeddings,
    configJson: json,
    generationJson,
    tokenizerFiles: await readTokenizerFiles(folder),
  };
}

/** Every parameter of a model from a folder that may hold more. The tensors must have the shapes of `config`. */
async function readWeights(folder: string, config: ModelConfig): Promise<Map<string, Float32Array>> {
  const reader = await openCheckpoint(folder);
  const weights = new Map<string, Float32Array>();
  try {
    checkParameters(reader, config);
    for (const { name } of modelParameters(config)) weights.set(name, await reader.read(name));
  } finally {
    await reader.close();
  }
  return weights;
}

/** The tokenizer as the data package wants it: texts of answers without special tokens. */
export function dataTokenizer(tokenizer: TextTokenizer): DataTokenizer {
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
