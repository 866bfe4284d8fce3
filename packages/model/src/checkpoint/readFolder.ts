import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { findGguf, openGgufCheckpoint } from '../gguf/index.ts';
import type { StoredDtype } from './dtypes.ts';
import { CheckpointError, fileError } from './errors.ts';
import { quote } from './header.ts';
import { stringEntries } from './scanJson.ts';
import { openSafetensors, type SafetensorsFile } from './safetensors.ts';

export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** The weights of a Hugging Face folder, in one file or in shards, or of a GGUF file. */
export interface CheckpointReader {
  readonly folder: string;
  /** Those of a GGUF file as they are read: F32. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: StoredDtype }>;
  /** One tensor's values, row-major, as float32. Throws CheckpointError naming the file and the tensor. */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names, or else the folder's GGUF file, and
 * checks every header. Throws CheckpointError, and ModelConfigError for a GGUF file of an unknown architecture; no weight is read before `read`.
 */
export async function openCheckpoint(folder: string): Promise<CheckpointReader> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, 'read', error);
  });
  if (names.includes(SINGLE_FILE)) {
    const file = await openSafetensors(join(folder, SINGLE_FILE));
    return reader(folder, [file]);
  }
  if (names.includes(INDEX_FILE)) return openShards(folder, names);
  const gguf = await findGguf(folder);
  if (gguf !== undefined) return openGgufCheckpoint(folder, gguf);
  const pickled = names.filter((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  const hint =
    pickled.length > 0 ? `; ${pickled.join(', ')} must first be saved as safetensors, for example by transformers` : '';
  throw new CheckpointError(folder, `it holds neither ${SINGLE_FILE} nor ${INDEX_FILE} nor a GGUF file${hint}`);
}

/**
 * A checkpoint of a bare model, without its head, leaves out the prefix of all names, as the published GPT-2 does: a tensor
 * that only such a checkpoint has → the prefix. transformers reads both.
 */
const BARE_MODELS: Readonly<Record<string, string>> = { 'wte.weight': 'transformer.', 'embed_tokens.weight': 'model.' };

function reader(folder: string, files: readonly SafetensorsFile[]): CheckpointReader {
  const stored = files.flatMap((file) => [...file.tensors].map(([name, info]) => ({ name, info, file })));
  const bare = Object.keys(BARE_MODELS).find((key) => stored.some(({ name }) => name === key));
  const prefix = bare === undefined ? '' : BARE_MODELS[bare]!;
  const owners = new Map(stored.map((tensor) => [prefix + tensor.name, tensor]));
  return {
    folder,
    tensors: new Map([...owners].map(([name, { info }]) => [name, info])),
    async read(name) {
      const owner = owners.get(name);
      if (owner === undefined) throw new CheckpointError(folder, `it has no tensor ${quote(name)}`);
      return owner.file.readFloat32(owner.name);
    },
    async close() {
      await Promise.all(files.map((file) => file.close()));
    },
  };
}

const indexSchema = z.object({ weight_map: z.unknown() });

async function openShards(folder: string, present: readonly string[]): Promise<CheckpointReader> {
  const path = join(folder, INDEX_FILE);
  const weightMap = await readIndex(path);
  const shards = [...new Set(weightMap.values())].sort();
  const outside = shards.filter((name) => name !== basename(name) || name === '..');
  if (outside.length > 0) {
    throw new CheckpointError(
      path,
      `shards must lie in the same folder, but it names ${outside.map(quote).join(', ')}`,
    );
  }
  const missing = shards.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new CheckpointError(
      path,
      `it names ${missing.length} of ${shards.length} shards that are not in the folder: ${missing.join(', ')}`,
    );
  }
  const files: SafetensorsFile[] = [];
  try {
    for (const name of shards) files.push(await openSafetensors(join(folder, name)));
    checkIndex(path, weightMap, files);
  } catch (error) {
    await Promise.all(files.map((file) => file.close()));
    throw error;
  }
  return reader(folder, files);
}

async function readIndex(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(path, 'read', error);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(path, `it is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  const weightMap = stringEntries(indexSchema.safeParse(json).data?.weight_map);
  if (weightMap === undefined) {
    throw new CheckpointError(path, 'it must hold a "weight_map" object from tensor names to shard files');
  }
  return weightMap;
}

/** The index and the shards must tell the same story: every tensor in the shard that the index names, and nowhere else. */
function checkIndex(path: string, weightMap: ReadonlyMap<string, string>, files: readonly SafetensorsFile[]): void {
  const problems: string[] = [];
  const byName = new Map(files.map((file) => [basename(file.path), file]));
  for (const [name, shard] of weightMap) {
    if (byName.get(shard)?.tensors.has(name) !== true) problems.push(`${quote(name)} is not in ${shard}`);
  }
  for (const [shard, file] of byName) {
    for (const name of file.tensors.keys()) {
      if (weightMap.get(name) !== shard)
        problems.push(`${quote(name)} is in ${shard}, where the index does not list it`);
    }
  }
  if (problems.length > 0) throw new CheckpointError(path, `it does not match its shards: ${problems.join('; ')}`);
}
