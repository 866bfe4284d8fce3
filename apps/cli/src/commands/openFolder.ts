import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { differenceLines, differences, type Difference } from '../config/differences.ts';
import { isOfLength, mayDiffer } from '../config/length.ts';
import { parseConfig, type LoadedConfig } from '../config/parseConfig.ts';
import { checkFree, createRunFolder, readJson, RunFolderError, writeJson } from '../run/runFolder.ts';
import type { OutputOptions } from './options.ts';

/** The config as it was started, in the folder of its results. */
const CONFIG = 'config.json';

/** Options that a refusal lists; the others are in the config. */
const DIFFERENCES_SHOWN = 5;

interface StoredConfig {
  readonly file: string;
  readonly baseFolder: string;
  readonly source: Readonly<Record<string, unknown>>;
}

export interface OpenedFolder {
  readonly folder: string;
  /** With --resume: the config that the folder was started with. */
  readonly loaded: LoadedConfig;
}

/** Throws what `openFolder` would, before anything slow is done and without making anything. */
export async function checkFolder(loaded: LoadedConfig, options: OutputOptions): Promise<void> {
  if (options.resume !== undefined) await openFolder(loaded, options);
  else if (options.output !== undefined) await checkFree(options.output);
}

/**
 * A new folder with the config in it, or the one to resume.
 *
 * @throws RunFolderError when a new folder is not empty, or one to resume was started with another config
 */
export async function openFolder(loaded: LoadedConfig, options: OutputOptions): Promise<OpenedFolder> {
  if (options.resume === undefined) {
    const folder = await createRunFolder(options.output, loaded.config.name);
    const { file, baseFolder, source } = loaded;
    await writeJson(join(folder, CONFIG), { file, baseFolder, source } satisfies StoredConfig);
    return { folder, loaded };
  }
  const folder = resolve(options.resume);
  const started = await startedConfig(folder, options.resume, loaded);
  const { changed } = started;
  if (changed.length > 0) {
    const hint =
      changed.some(isOfLength) && changed.every(mayDiffer)
        ? `\nnpx tether train goes on from it with more steps by --extend ${options.resume}`
        : '';
    throw new RunFolderError(
      `${options.resume} was started with another config than ${loaded.file} (and the options given now); see its ${CONFIG}:${listed(changed)}${hint}`,
    );
  }
  return { folder, loaded: started.loaded };
}

/** Lines of their own for an error. */
export const listed = (changed: readonly Difference[]): string =>
  differenceLines(changed, DIFFERENCES_SHOWN)
    .map((line) => `\n  ${line}`)
    .join('');

/** The config that a folder was started with, and where `now` differs from it. Throws RunFolderError where there is none. */
export async function startedConfig(
  folder: string,
  name: string,
  now: LoadedConfig,
): Promise<{ readonly loaded: LoadedConfig; readonly changed: readonly Difference[] }> {
  if (!existsSync(join(folder, CONFIG))) throw new RunFolderError(`${name} holds no run to continue (no ${CONFIG})`);
  const { file, source, baseFolder } = (await readJson(join(folder, CONFIG))) as StoredConfig; // written above
  const written: unknown = JSON.parse(JSON.stringify(now.source)); // as the stored one has been written and read
  return { loaded: parseConfig(file, source, baseFolder), changed: differences(source, written) };
}
