import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { fileKind } from './readRows.ts';

/** What `datasets` writes beside the Arrow files of one split, and beside the folders of several. */
const STATE = 'state.json';
const SPLITS = 'dataset_dict.json';
const stateSchema = z.object({ _data_files: z.array(z.object({ filename: z.string() })) });
const splitsSchema = z.object({ splits: z.array(z.string()) });

/** JSON files that describe a dataset and hold no rows. */
const DESCRIPTIONS = new Set([STATE, SPLITS, 'dataset_info.json', 'dataset_infos.json', 'config.json']);
const DEEPEST = 4; // folders below the given one that are looked into

type Splits = ReadonlyMap<string, readonly string[]>; // split → its files in order

async function readDescription<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new DataError(`${path}: not what the datasets library writes. Save the dataset again with save_to_disk.`, {
      cause: error,
    });
  }
}

/** A folder that `save_to_disk` wrote, of one dataset or of several splits. */
async function savedSplits(folder: string): Promise<Splits | undefined> {
  if (existsSync(join(folder, SPLITS))) {
    const { splits } = await readDescription(join(folder, SPLITS), splitsSchema);
    const files = await Promise.all(splits.map((split) => savedFiles(join(folder, split))));
    return new Map(splits.map((split, index) => [split, files[index]!]));
  }
  return existsSync(join(folder, STATE)) ? new Map([['train', await savedFiles(folder)]]) : undefined;
}

async function savedFiles(folder: string): Promise<string[]> {
  const { _data_files: files } = await readDescription(join(folder, STATE), stateSchema);
  return files.map(({ filename }) => join(folder, filename));
}

async function dataFiles(folder: string, depth = 0): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
  const found: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(depth < DEEPEST ? await dataFiles(path, depth + 1) : []));
    else if (fileKind(path) !== undefined && !DESCRIPTIONS.has(entry.name)) found.push(path);
  }
  return found;
}

const SHARD = /^(?<split>.+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?$/;
const KEYWORD = /(?:^|[^a-z])(train|test|validation|valid|dev|eval)(?:[^a-z]|$)/i;

/** The split that a file belongs to, by the hub's naming: `train-00000-of-00003`, `test.jsonl`, `train/part.parquet`. */
function splitOf(folder: string, path: string): string {
  const stem = basename(path).replace(/\.[^-]*$/, '');
  const shard = SHARD.exec(stem)?.groups?.['split'];
  if (shard !== undefined) return shard;
  const named = KEYWORD.exec(stem) ?? KEYWORD.exec(relative(folder, dirname(path)));
  return named?.[1]?.toLowerCase() ?? 'train';
}

async function hubSplits(folder: string): Promise<Splits> {
  return Map.groupBy(await dataFiles(folder), (path) => splitOf(folder, path));
}

function chooseSplit(folder: string, splits: Splits, wanted: string | undefined, usual: readonly string[]): string {
  const names = [...splits.keys()];
  const chosen = wanted ?? (names.length === 1 ? names[0] : usual.find((name) => splits.has(name)));
  if (chosen !== undefined && splits.has(chosen)) return chosen;
  const problem = wanted === undefined ? 'holds several splits' : `holds no split "${wanted}"`;
  throw new DataError(
    `${folder}: ${problem}; it has ${names.join(', ')}. Name one with the option split or eval_split.`,
  );
}

/**
 * The data files behind a path: the file itself, or the files of one split of a folder. A folder is one that
 * `datasets` saved, or one laid out as on the Hugging Face hub.
 * @param split the split that is wanted; without it the only one, or the first of `usual` that is there
 * @throws DataError for a folder without data, or without that split.
 */
export async function filesOf(
  path: string,
  split: string | undefined,
  usual: readonly string[],
): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return [path]; // its reader says so if there is no such file
  const splits = (await savedSplits(path)) ?? (await hubSplits(path));
  if (splits.size === 0) {
    throw new DataError(`${path}: the folder holds no data files (.json, .jsonl, .parquet, .arrow).`);
  }
  return splits.get(chooseSplit(path, splits, split, usual))!;
}
