import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { TextTokenizer as DataTokenizer } from '@tether/data';
import {
  CheckpointError,
  checkParameters,
  checkTokenizerFits,
  initialAdapter,
  isAdapterFolder,
  languageModel,
  loadAdapterConfig,
  loadModelConfig,
  loadTokenizer,
  loraConfig,
  modelParameters,
  openCheckpoint,
  readAdapter,
  readTokenizerFiles,
  specialTokenIds,
  tokenizerFolder,
  type LoadedAdapter,
  type LoraConfig,
  type ModelConfig,
  type TextTokenizer,
} from '@tether/model';
import type { RunConfig } from '../config/runSchema.ts';
import { newModel } from './newModel.ts';
import type { ModelOptions, PreparedModel } from './preparedModel.ts';

/** Throws CheckpointError where there is no such folder or file, and its name may be one of the Hugging Face hub. */
export function checkNotOfHub(folder: string): void {
  const path = resolve(folder);
  const owner = dirname(path);
  // `owner/model` beside the command or the config: neither the model is there nor its owner.
  if (existsSync(owner) || !existsSync(dirname(owner))) return;
  const name = `${basename(owner)}/${basename(path)}`;
  throw new CheckpointError(
    folder,
    `there is no such file or folder. If ${name} is a model of the Hugging Face hub: models are not downloaded, so fetch it first (hf download ${name} --local-dir FOLDER) and give its folder`,
  );
}

/**
 * Loads a Hugging Face folder: config, tokenizer (which must fit the model), then the weights, tensor by tensor. An
 * adapter's folder gives its base with the adapter.
 * Throws CheckpointError, ModelConfigError or TokenizerError.
 */
export async function loadModel(folder: string, options: ModelOptions): Promise<PreparedModel> {
  checkNotOfHub(folder);
  if (isAdapterFolder(folder)) return loadAdaptedModel(folder, options);
  const prepared = await loadBase(folder, options, undefined);
  if (options.adapter === undefined) return prepared;
  const lora = loraConfig(options.adapter);
  const { config } = await loadModelConfig(folder);
  const { parameters } = prepared.model;
  return {
    ...prepared,
    model: adaptedModel(folder, config, options, lora),
    weights: new Map([...prepared.weights, ...initialAdapter(parameters, lora, options.seed ?? 0, prepared.weights)]),
    adapter: { config: lora, base: folder, baseParameters: parameters },
  };
}

/** An adapter's config and the folder of its base. Throws CheckpointError where that is not told or not there. */
export async function openAdapter(folder: string): Promise<LoadedAdapter & { readonly base: string }> {
  const loaded = await loadAdapterConfig(folder);
  const { base } = loaded;
  if (base === undefined || !existsSync(base)) {
    throw new CheckpointError(
      folder,
      `it is an adapter of ${base ?? 'a model that it does not name'}, and there is no such folder: set base_model_name_or_path of its adapter_config.json`,
    );
  }
  return { ...loaded, base };
}

/** The folders of a model's config and weights and of its tokenizer: for an adapter, its base and its own if it has one. */
export async function foldersOf(folder: string): Promise<{ readonly base: string; readonly tokenizerOf: string }> {
  checkNotOfHub(folder);
  const base = isAdapterFolder(folder) ? (await openAdapter(folder)).base : folder;
  return { base, tokenizerOf: await tokenizerFolder(folder, base) };
}

async function loadAdaptedModel(folder: string, options: ModelOptions): Promise<PreparedModel> {
  if (options.adapter !== undefined || options.reference !== undefined) {
    throw new CheckpointError(
      folder,
      'it is an adapter already, whose reference is its base: leave out "adapter" and "reference" of the model',
    );
  }
  const opened = await openAdapter(folder);
  const base = await loadBase(opened.base, options, (await foldersOf(folder)).tokenizerOf);
  const { config } = await loadModelConfig(opened.base);
  const { parameters } = base.model;
  return {
    ...base,
    origin: folder,
    model: adaptedModel(folder, config, options, opened.config),
    weights: new Map([...base.weights, ...(await readAdapter(opened, parameters))]),
    adapter: { config: opened.config, base: opened.base, baseParameters: parameters },
  };
}

function adaptedModel(
  folder: string,
  config: ModelConfig,
  { rematerialize }: ModelOptions,
  lora: LoraConfig,
): PreparedModel['model'] {
  try {
    return languageModel(config, { rematerialize, lora });
  } catch (error) {
    if (error instanceof RangeError) throw new CheckpointError(folder, error.message);
    throw error;
  }
}

async function loadBase(
  folder: string,
  options: ModelOptions,
  tokenizerOf: string | undefined,
): Promise<PreparedModel> {
  const { config, json, generationJson } = await loadModelConfig(folder);
  const tokenizer = await loadTokenizer(tokenizerOf ?? folder);
  checkTokenizerFits(tokenizer, config, folder);
  const weights = await readWeights(folder, config);
  return {
    origin: folder,
    model: languageModel(config, { rematerialize: options.rematerialize }),
    weights,
    ...(options.reference === undefined ? {} : { referenceWeights: await readWeights(options.reference, config) }),
    tokenizer: dataTokenizer(tokenizer),
    eosTokenIds: specialTokenIds(tokenizer, config).endOfText,
    maxLength: config.maxPositionEmbeddings,
    configJson: json,
    generationJson,
    tokenizerFiles: await readTokenizerFiles(tokenizerOf ?? folder),
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
  const { base: path, tokenizerOf } = await foldersOf(model.path);
  const { config } = await loadModelConfig(path);
  checkTokenizerFits(await loadTokenizer(tokenizerOf), config, model.path);
  if (model.adapter !== undefined) adaptedModel(path, config, model, loraConfig(model.adapter));
  if (model.reference !== undefined) checkNotOfHub(model.reference);
  for (const folder of [path, ...(model.reference === undefined ? [] : [model.reference])]) {
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
