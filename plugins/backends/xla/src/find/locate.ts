import { existsSync, globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError, messageOf } from '@tether/core';
import type { DeviceKind, XlaConfig } from '../config.ts';
import { defaultInterpreter, packageFolders, type Environment } from '@tether/wheels';
import { installFolder } from './folders.ts';
import { howToGet, LIBRARY_PATHS } from './targets.ts';

export interface LocatedLibrary {
  readonly path: string;
  /** Who named it, for messages: `library` of the config, an environment variable, a folder. */
  readonly from: string;
}

export type LocateOptions = Pick<XlaConfig, 'device' | 'library' | 'python'> & {
  readonly env?: Environment;
  /** Where `installXla` puts things. */
  readonly folder?: string;
};

export const LIBRARY_VARIABLE = 'TETHER_XLA_LIBRARY';

/** The library of a kind of device below folders of Python packages. */
export function libraryIn(folders: readonly string[], device: DeviceKind): string | undefined {
  for (const folder of folders) {
    const [path] = globSync(LIBRARY_PATHS[device], { cwd: folder }).toSorted();
    if (path !== undefined) return join(folder, path);
  }
  return undefined;
}

/** Newest name first, so that `xla-cuda13` comes before `xla-cuda12`. */
const installed = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith('.'))
        .toSorted()
        .reverse()
        .map((name) => join(folder, name))
    : [];

/**
 * The library to use: `library` of the config, `python` of the config, TETHER_XLA_LIBRARY, what `installXla` put away,
 * the packages of the active Python environment.
 *
 * @throws BackendError telling where was searched and how to get one
 */
export async function locateLibrary(options: LocateOptions): Promise<LocatedLibrary> {
  const { device, library, python, env = process.env, folder = installFolder(env) } = options;
  if (library !== undefined) return { path: library, from: '"library" of the config' };
  if (python !== undefined) {
    const path = libraryIn(await foldersOf(python), device);
    if (path !== undefined) return { path, from: `Python environment ${python}` };
    throw new BackendError(
      `the Python environment ${python} holds no XLA plugin for ${device}. Get one with ${howToGet(device)}`,
    );
  }
  const named = env[LIBRARY_VARIABLE];
  if (named !== undefined && named !== '') return { path: named, from: `environment variable ${LIBRARY_VARIABLE}` };
  const fetched = libraryIn(installed(folder), device);
  if (fetched !== undefined) return { path: fetched, from: `installed in ${folder}` };
  const interpreter = defaultInterpreter(env);
  const packages = await packageFolders(interpreter).catch(() => []); // no Python is one place less to look at
  const found = libraryIn(packages, device);
  if (found !== undefined) return { path: found, from: `packages of ${interpreter}` };
  const searched = [LIBRARY_VARIABLE, folder, ...packages].join(', ');
  throw new BackendError(
    `no XLA plugin for ${device} was found (searched: ${searched}). Get one with ${howToGet(device)}, or name a PJRT plugin with "library"`,
  );
}

async function foldersOf(python: string): Promise<string[]> {
  try {
    return await packageFolders(python);
  } catch (error) {
    throw new BackendError(`"python: ${python}" is no Python environment: ${messageOf(error)}`);
  }
}
