import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A folder that cannot take a run. */
export class RunFolderError extends Error {
  override readonly name = 'RunFolderError';
}

const exists = async (folder: string): Promise<boolean> =>
  readdir(folder).then(
    (names) => names.length > 0,
    () => false, // no such folder
  );

/**
 * Makes a run's folder. A given folder must be absent or empty; without one, `runs/<name>`, numbered until it is free.
 *
 * @throws RunFolderError when the given folder holds anything
 */
export async function createRunFolder(output: string | undefined, name: string): Promise<string> {
  if (output !== undefined) {
    if (await exists(output)) {
      throw new RunFolderError(
        `${output} exists and is not empty: choose another --output, or continue it with --resume ${output}`,
      );
    }
    await mkdir(output, { recursive: true });
    return resolve(output);
  }
  for (let number = 1; ; number++) {
    const folder = resolve('runs', number === 1 ? name : `${name}-${number}`);
    if (await exists(folder)) continue;
    await mkdir(folder, { recursive: true });
    return folder;
  }
}

/** Writes a file under a temporary name, then renames it: complete or as it was. */
export async function writeAtomically(path: string, contents: string): Promise<void> {
  const temporary = `${path}.partial`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`);

export const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

/** Hash of any JSON value, object keys in order. */
export function fingerprintOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

/** A file of one JSON object per line, each with a `step`. */
export class StepLog {
  readonly #path: string;

  constructor(folder: string, name: string) {
    this.#path = join(folder, name);
  }

  append(line: Readonly<Record<string, unknown>>): Promise<void> {
    return appendFile(this.#path, `${JSON.stringify(line)}\n`);
  }

  /** Drops lines of steps after `completedSteps`: a resumed run writes them again. */
  async truncate(completedSteps: number): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => ''); // no file yet: nothing to drop
    const kept = text.split('\n').filter((line) => line.endsWith('}') && stepOf(line) <= completedSteps);
    await writeAtomically(this.#path, kept.map((line) => `${line}\n`).join(''));
  }

  async lines(): Promise<Record<string, unknown>[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => ''); // no file: no line
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

const stepOf = (line: string): number => (JSON.parse(line) as { step: number }).step;
