import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A folder that cannot take a run. */
export class RunFolderError extends Error {
  override readonly name = 'RunFolderError';
}

/** An error of the operating system, with the path that Node leaves out of errors of open files. */
export const withPath = (error: unknown, path: string): unknown =>
  error instanceof Error ? Object.assign(error, { path }) : error;

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Whether anything is there already: a file, or a folder that is not empty. */
const isTaken = (folder: string): Promise<boolean> =>
  readdir(folder).then(
    (names) => names.length > 0,
    (error: unknown) => !isAbsent(error),
  );

/** A run leaves its result last. */
export const isFinished = (folder: string): boolean => existsSync(join(folder, 'result.json'));

/** Throws RunFolderError when a new run's folder is a file, or holds anything. */
export async function checkFree(output: string): Promise<void> {
  if (!(await isTaken(output))) return;
  throw new RunFolderError(
    `${output} exists and is not an empty folder: choose another --output, or continue the run in it with --resume ${output}`,
  );
}

/**
 * Makes a run's folder. A given folder must be absent or empty; without one, `runs/<name>`, numbered until it is free.
 *
 * @throws RunFolderError when the given folder holds anything
 */
export async function createRunFolder(output: string | undefined, name: string): Promise<string> {
  if (output !== undefined) {
    await checkFree(output);
    await mkdir(output, { recursive: true });
    return resolve(output);
  }
  for (let number = 1; ; number++) {
    const folder = resolve('runs', number === 1 ? name : `${name}-${number}`);
    if (await isTaken(folder)) continue;
    await mkdir(folder, { recursive: true });
    return folder;
  }
}

/** Writes a file under a temporary name, then renames it: complete or as it was. */
export async function writeAtomically(path: string, contents: string): Promise<void> {
  const temporary = `${path}.partial`;
  try {
    await writeFile(temporary, contents);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw withPath(error, path);
  }
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
  if (typeof value !== 'object' || value === null) return value === undefined ? 'null' : JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

/** A file of one JSON object per line, each with a `step`. */
export class StepLog {
  readonly #path: string;

  constructor(folder: string, name: string) {
    this.#path = join(folder, name);
  }

  async append(line: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await appendFile(this.#path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw withPath(error, this.#path);
    }
  }

  /** Drops lines of steps after `completedSteps`, and one that a killed run left half-written: they are written again. */
  async truncate(completedSteps: number): Promise<void> {
    const whole = (await this.#text()).split('\n').slice(0, -1); // what follows the last line's end is no whole line
    const kept = whole.filter((line) => stepOf(line) <= completedSteps);
    await writeAtomically(this.#path, kept.map((line) => `${line}\n`).join(''));
  }

  #text(): Promise<string> {
    return readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (isAbsent(error)) return ''; // no file yet: no line
      throw error;
    });
  }

  async lines(): Promise<Record<string, unknown>[]> {
    return (await this.#text())
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

const stepOf = (line: string): number => (JSON.parse(line) as { step: number }).step;
