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
import type { RunConfig } from '../config/runSchema.ts';
import { newModel } from './newModel.ts';
import type { ModelOptions, PreparedModel } from './preparedModel.ts';

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

/**
 * Checks a config's model (and reference) folder without reading a weight: its config, tokenizer and the header of every
 * weight file. Throws CheckpointError, ModelConfigError or TokenizerError.
 */
export async function checkModel({ model }: Pick<RunConfig, 'model'>): Promise<void> {
  if (model.path === undefined) {
    newModel(model.pretrain!.architecture, 0, model); // one of both, by the schema
    return;
  }
  const { config } = await loadModelConfig(model.path);
  checkTokenizerFits(await loadTokenizer(model.path), config, model.path);
  for (const folder of [model.path, ...(model.reference === undefined ? [] : [model.reference])]) {
    const reader = await openCheckpoint(folder);
    try {
      await checkParameters(reader, config);
    } finally {
      await reader.close();
    }
  }
}

/** Every parameter of a model from a folder that may hold more. The tensors must have the shapes of `config`. */
async function readWeights(folder: string, config: ModelConfig): Promise<Map<string, Float32Array>> {
  const reader = await openCheckpoint(folder);
  const weights = new Map<string, Float32Array>();
  try {
    await checkParameters(reader, config);
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
