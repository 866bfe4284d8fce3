import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findGguf, readGgufConfig } from '../gguf/index.ts';
import { parseJson } from '../checkpoint/jsonText.ts';
import { ARCHITECTURES, MODEL_TYPES, modelConfigJson, type ModelConfig, type ModelType } from './architectures.ts';
import { ModelConfigError } from './errors.ts';
import { problemsOf, supported, tokenIdListOr } from './fields.ts';

/** A model's config, and the files' own contents, so that saving keeps every field that is not understood here. */
export interface LoadedModelConfig {
  readonly config: ModelConfig;
  readonly json: Readonly<Record<string, unknown>>;
  readonly generationJson: Readonly<Record<string, unknown>> | undefined;
}

const jsonObject = z.record(z.string(), z.unknown());
const generationSchema = z.object({ eos_token_id: tokenIdListOr() });

/**
 * Reads `config.json` and, where there is one, `generation_config.json`, whose end tokens come first, as in transformers.
 * Without a `config.json`, the metadata of the folder's GGUF file say what it would.
 * Throws ModelConfigError with every problem found, and CheckpointError for a GGUF file that cannot be read.
 */
export async function loadModelConfig(folder: string): Promise<LoadedModelConfig> {
  const path = join(folder, 'config.json');
  const json = await readJsonObject(path);
  if (json === undefined) return configOfGguf(folder, path);
  const config = parseModelConfig(json, path);

  const generationPath = join(folder, 'generation_config.json');
  const generationJson = await readJsonObject(generationPath);
  if (generationJson === undefined) return { config, json, generationJson };
  const generation = generationSchema.safeParse(generationJson);
  if (!generation.success) throw new ModelConfigError(generationPath, problemsOf(generation.error));
  const eosTokenIds = generation.data.eos_token_id;
  return { config: eosTokenIds.length > 0 ? { ...config, eosTokenIds } : config, json, generationJson };
}

async function configOfGguf(folder: string, missing: string): Promise<LoadedModelConfig> {
  const path = await findGguf(folder);
  if (path === undefined) throw new ModelConfigError(missing, ['there is no such file; a model folder needs one']);
  const config = parseModelConfig(await readGgufConfig(path), path);
  return { config, json: modelConfigJson(config), generationJson: undefined };
}

/** Parses the contents of a config.json. `path` is for messages. Throws ModelConfigError with every problem found. */
export function parseModelConfig(json: Readonly<Record<string, unknown>>, path = 'config.json'): ModelConfig {
  const modelType = supported<ModelType>(...(MODEL_TYPES as [ModelType, ...ModelType[]])).safeParse(json['model_type']);
  if (!modelType.success) {
    throw new ModelConfigError(
      path,
      modelType.error.issues.map(({ message }) => `model_type: ${message}`),
    );
  }
  const parsed = ARCHITECTURES[modelType.data].schema.safeParse(json);
  if (!parsed.success) throw new ModelConfigError(path, problemsOf(parsed.error));
  return parsed.data;
}

async function readJsonObject(path: string): Promise<Record<string, unknown> | undefined> {
  let json: unknown;
  try {
    json = parseJson(await readFile(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ModelConfigError(path, [`cannot be read: ${(cause as Error).message}`], { cause });
  }
  if (!jsonObject.safeParse(json).success) throw new ModelConfigError(path, ['must hold a JSON object']);
  return json as Record<string, unknown>; // not zod's copy, which would not know its floats
}
