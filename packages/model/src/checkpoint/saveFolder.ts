import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporarySibling, writeAll, writeFileAtomically } from './atomicFile.ts';
import { FROM_FLOAT32, type FloatDtype } from './dtypes.ts';
import { CheckpointError, fileError } from './errors.ts';
import { byteCount } from './header.ts';
import { jsonText, replaceFields } from './jsonText.ts';
import { INDEX_FILE, SINGLE_FILE } from './readFolder.ts';
import { writeSafetensors, type TensorEntry } from './safetensors.ts';

/** A parameter to be saved. `data` may be a function, called when its turn comes (for example a download from a device). */
export interface CheckpointTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | (() => Float32Array | Promise<Float32Array>);
}

export interface SaveOptions {
  /** Contents of config.json, as read or from `modelConfigJson`. Its `dtype` is set to what is saved. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly generationConfig?: Readonly<Record<string, unknown>> | undefined;
  readonly tensors: Iterable<CheckpointTensor>;
  /** Further files by name, such as those of `readTokenizerFiles`. */
  readonly files?: ReadonlyMap<string, string | Uint8Array>;
  /** How weights are stored; F16 and BF16 round to the nearest, ties to even. Default F32. */
  readonly dtype?: 'F32' | 'BF16' | 'F16';
  /** Start a new shard rather than exceed this many bytes of tensors. Default 5 GB. */
  readonly maxShardBytes?: number;
  /** Replace a folder that holds a checkpoint. Without it, a folder that is not empty is refused. */
  readonly overwrite?: boolean;
}

/** What transformers' loader asks of a file: the framework it came from. */
const METADATA = { format: 'pt' };

const DTYPE_NAMES = { F32: 'float32', BF16: 'bfloat16', F16: 'float16' } as const;

const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'tokenizer.model',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
];

/** The tokenizer's files of a folder, to be saved beside new weights unchanged. */
export async function readTokenizerFiles(folder: string): Promise<Map<string, Uint8Array>> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, 'read', error);
  });
  const found = TOKENIZER_FILES.filter((name) => names.includes(name));
  return new Map(await Promise.all(found.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

/**
 * Saves a Hugging Face folder that transformers loads. Everything is written to a temporary folder beside it and renamed at the
 * end, so the folder is complete or absent. Throws CheckpointError; then what was there is untouched.
 */
export function saveCheckpoint(folder: string, options: SaveOptions): Promise<void> {
  const owns = (name: string): boolean => isCheckpointFile(name) || options.files?.has(name) === true;
  return saveFolder(folder, { overwrite: options.overwrite ?? false, owns }, (temporary) =>
    writeContents(temporary, options),
  );
}

export interface SaveFolderOptions {
  readonly overwrite: boolean;
  /** Whether a file of this name belongs to what is saved, and may go when it is replaced. */
  readonly owns: (name: string) => boolean;
}

/**
 * Lets `write` fill a temporary folder beside `folder`, and puts it there when it is complete.
 * Throws CheckpointError; then what was there is untouched.
 */
export async function saveFolder(
  folder: string,
  options: SaveFolderOptions,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = resolve(folder);
  const existing = await contentsOf(target);
  if (existing.length > 0) refuseUnlessReplaceable(folder, existing, options);
  const temporary = temporarySibling(target);
  try {
    await mkdir(temporary, { recursive: true });
    await write(temporary);
    await moveIntoPlace(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    const reason = fileError(target, 'written', error).message.replaceAll(temporary, target);
    throw new CheckpointError(folder, `nothing was saved: ${reason}`, { cause: error });
  }
}

async function contentsOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(folder, 'written', error);
  }
}

/** Replacing means deleting, so only folders are replaced in which every file is one that belongs to what is saved. */
function refuseUnlessReplaceable(
  folder: string,
  existing: readonly string[],
  { overwrite, owns }: SaveFolderOptions,
): void {
  if (!overwrite) {
    throw new CheckpointError(
      folder,
      'it exists and is not empty; choose another folder, or ask for it to be overwritten',
    );
  }
  const foreign = existing.filter((name) => !owns(name));
  if (foreign.length > 0) {
    throw new CheckpointError(
      folder,
      `it will not be overwritten, since it holds more than a checkpoint: ${foreign.join(', ')}`,
    );
  }
}

function isCheckpointFile(name: string): boolean {
  const others = ['config.json', 'generation_config.json', SINGLE_FILE, INDEX_FILE, ...TOKENIZER_FILES];
  return others.includes(name) || /^model-\d{5}-of-\d{5}\.safetensors$/.test(name);
}

async function moveIntoPlace(temporary: string, target: string): Promise<void> {
  const replaced = (await contentsOf(target)).length > 0 ? temporarySibling(target) : undefined;
  if (replaced !== undefined) await rename(target, replaced);
  else await rmdir(target).catch(() => undefined); // an empty folder, or none
  try {
    await rename(temporary, target);
  } catch (error) {
    if (replaced !== undefined) await rename(replaced, target);
    throw error;
  }
  if (replaced !== undefined) await rm(replaced, { recursive: true });
}

async function writeContents(folder: string, options: SaveOptions): Promise<void> {
  const dtype = options.dtype ?? 'F32';
  const files = new Map<string, string | Uint8Array>(options.files);
  files.set('config.json', jsonText(withDtype(options.config, DTYPE_NAMES[dtype])));
  if (options.generationConfig !== undefined) files.set('generation_config.json', jsonText(options.generationConfig));

  const shards = planShards([...options.tensors], dtype, options.maxShardBytes ?? 5e9);
  for (const [name, tensors] of shards) {
    await writeSafetensors(
      join(folder, name),
      tensors.map((tensor) => storedEntry(tensor, dtype)),
      METADATA,
    );
  }
  if (shards.size > 1) files.set(INDEX_FILE, jsonText(shardIndex(shards, dtype)));
  await writeFiles(folder, files);
}

export async function writeFiles(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  for (const [name, contents] of files) {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    await writeFileAtomically(join(folder, name), (handle) => writeAll(handle, bytes));
  }
}

/** transformers 4 calls the field `torch_dtype`, 5 calls it `dtype` and reads both: keep the one in use. */
function withDtype(config: SaveOptions['config'], dtype: string): Record<string, unknown> {
  const fields = ['dtype', 'torch_dtype'].filter((field) => field in config);
  const used = fields.length > 0 ? fields : ['torch_dtype'];
  return replaceFields(config, Object.fromEntries(used.map((field) => [field, dtype])));
}

function storedEntry({ name, shape, data }: CheckpointTensor, dtype: FloatDtype): TensorEntry {
  const encode = FROM_FLOAT32[dtype];
  return {
    name,
    dtype,
    shape,
    data: async () => encode(typeof data === 'function' ? await data() : data),
  } as TensorEntry;
}

/** Tensors in order, a new shard whenever the next would exceed the limit. One shard is `model.safetensors`. */
function planShards(
  tensors: readonly CheckpointTensor[],
  dtype: FloatDtype,
  maxBytes: number,
): Map<string, readonly CheckpointTensor[]> {
  const shards: CheckpointTensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    const size = byteCount(tensor.shape, dtype);
    if (bytes > 0 && bytes + size > maxBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(tensor);
    bytes += size;
  }
  const number = (n: number): string => String(n).padStart(5, '0');
  const name = (i: number): string =>
    shards.length === 1 ? SINGLE_FILE : `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
  return new Map(shards.map((shard, i) => [name(i), shard]));
}

function shardIndex(shards: ReadonlyMap<string, readonly CheckpointTensor[]>, dtype: FloatDtype): unknown {
  const files = [...shards].flatMap(([file, tensors]) => tensors.map((tensor) => ({ file, tensor })));
  const total = files.reduce((sum, { tensor }) => sum + byteCount(tensor.shape, dtype), 0);
  return {
    metadata: { total_size: total },
    weight_map: Object.fromEntries(files.map(({ file, tensor }) => [tensor.name, file])),
  };
}
