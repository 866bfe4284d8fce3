import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError, messageOf } from '@tether/core';
import { defaultInterpreter, interpreterOf, type Environment } from './python.ts';

export interface WheelInstall<Facts> {
  /** What is installed, and the name of its folder. */
  readonly name: string;
  /** Folder in which that folder is put. */
  readonly folder: string;
  /** What pip is asked for, for example `xla-cpu-pjrt==0.0.1`. */
  readonly package: string;
  /** Whether what the package asks for is installed too. */
  readonly withDependencies: boolean;
  /** A Python environment or interpreter that has pip; by default that of the active environment. */
  readonly python?: string | undefined;
  readonly env?: Environment;
  /** Told what is being done. */
  readonly log?: (message: string) => void;
  /** Looks at what pip fetched, and may change it. Throws where it does not work: then nothing is installed. */
  readonly verify: (fetched: string) => Promise<Facts>;
}

/**
 * Fetches a Python package with pip, verifies it and only then puts it in its place. What was installed before stays
 * where anything fails.
 *
 * @returns the place, and what `verify` found
 * @throws BackendError with pip's or the verification's own message
 */
export async function installWheel<Facts>(
  options: WheelInstall<Facts>,
): Promise<{ readonly place: string; readonly facts: Facts }> {
  const { name, folder, python, env = process.env, log = () => undefined } = options;
  const interpreter = python === undefined ? defaultInterpreter(env) : interpreterOf(python);
  const place = join(folder, name);
  const fresh = join(folder, `.${name}-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    log(`fetching ${options.package} with ${interpreter} -m pip`);
    await pipInstall(interpreter, options, fresh);
    const facts = await options.verify(fresh);
    await replace(fresh, place);
    return { place, facts };
  } catch (error) {
    throw new BackendError(`${name} was not installed: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function pipInstall(
  interpreter: string,
  target: Pick<WheelInstall<unknown>, 'package' | 'withDependencies'>,
  folder: string,
): Promise<void> {
  const args = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--target', folder];
  const dependencies = target.withDependencies ? [] : ['--no-deps'];
  return new Promise((resolve, reject) => {
    execFile(
      interpreter,
      [...args, ...dependencies, target.package],
      { maxBuffer: 2 ** 26 },
      (error, _out, complaints) => {
        if (error === null) resolve();
        else if ('code' in error && error.code === 'ENOENT') {
          reject(new BackendError(`there is no Python at "${interpreter}": name one that has pip`));
        } else reject(new BackendError(`pip failed: ${lastLines(complaints) || error.message}`));
      },
    );
  });
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join(' | ');

/** Puts `fresh` at `place`. The old one is moved aside first, and back where that fails. */
async function replace(fresh: string, place: string): Promise<void> {
  const aside = `${fresh}-old`;
  const hasOld = existsSync(place);
  if (hasOld) await rename(place, aside);
  try {
    await rename(fresh, place);
  } catch (error) {
    if (hasOld) await rename(aside, place);
    throw error;
  }
  if (hasOld) await rm(aside, { recursive: true, force: true });
}
