import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../checkpoint/errors.ts';
import type { CheckpointReader } from '../checkpoint/readFolder.ts';
import { quote } from '../checkpoint/header.ts';
import { parameterName, restored, ROPE_FACTORS } from './architectures.ts';
import { openGguf } from './file.ts';
import { configJson, headsOf, modelMetadata } from './metadata.ts';

const EXTENSION = '.gguf';

/**
 * The GGUF file of a folder's model, undefined where it has none or cannot be listed.
 * Throws CheckpointError where it has several.
 */
export async function findGguf(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  const found = names.filter((name) => name.endsWith(EXTENSION)).sort();
  if (found.length > 1) {
    throw new CheckpointError(folder, `it holds several GGUF files, but a model must be in one: ${found.join(', ')}`);
  }
  return found[0] === undefined ? undefined : join(folder, found[0]);
}

/** The weights of a GGUF file, by their Hugging Face names and in that form. Throws CheckpointError or ModelConfigError. */
export async function openGgufCheckpoint(folder: string, path: string): Promise<CheckpointReader> {
  const file = await openGguf(path);
  try {
    const metadata = modelMetadata(file);
    const heads = headsOf(metadata);
    const owners = new Map(
      [...file.tensors]
        .filter(([stored]) => stored !== ROPE_FACTORS)
        .map(([stored, { shape }]) => [parameterName(stored, metadata.architecture), { stored, shape }]),
    );
    return {
      folder,
      tensors: new Map([...owners].map(([name, { shape }]) => [name, { shape, dtype: 'F32' as const }])),
      async read(name) {
        const owner = owners.get(name);
        if (owner === undefined) throw new CheckpointError(path, `it has no tensor for ${quote(name)}`);
        const values = await file.readFloat32(owner.stored);
        try {
          return restored({ name, values, rows: owner.shape[0]! }, metadata.architecture, heads);
        } catch (cause) {
          throw new CheckpointError(path, `tensor ${quote(owner.stored)}: ${(cause as Error).message}`, { cause });
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The contents that config.json would have. Throws CheckpointError or ModelConfigError. */
export async function readGgufConfig(path: string): Promise<Record<string, unknown>> {
  const file = await openGguf(path);
  try {
    return configJson(file);
  } finally {
    await file.close();
  }
}
