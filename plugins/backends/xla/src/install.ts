import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '@tether/core';
import { installFolder, probeFolder, type Environment } from './find/folders.ts';
import { libraryIn } from './find/locate.ts';
import { defaultInterpreter, interpreterOf } from './find/python.ts';
import { TARGETS, type Target, type TargetName } from './find/targets.ts';
import { probeLibrary } from './pjrt/probe.ts';
import type { PluginFacts } from './pjrt/tryOut.ts';

export interface InstallOptions {
  /** Where to put it; by default a folder of the user, which backends search. */
  readonly folder?: string;
  /** A Python environment or interpreter that has pip; by default that of the active environment. */
  readonly python?: string;
  readonly env?: Environment;
  /** Told what is being done. */
  readonly log?: (message: string) => void;
}

export interface Installed {
  readonly target: TargetName;
  readonly library: string;
  readonly facts: PluginFacts;
}

export const isTargetName = (name: string): name is TargetName => TARGETS.some((target) => target.name === name);

/**
 * Fetches a plugin with pip, verifies it in a process of its own (it loads, tells its version, and adds 1 + 1 on its
 * device) and only then puts it in its place. What was installed before stays where anything fails.
 *
 * @throws BackendError with pip's or the plugin's own message
 */
export async function installXla(name: TargetName, options: InstallOptions = {}): Promise<Installed> {
  const { env = process.env, folder = installFolder(env), python, log = () => undefined } = options;
  const target: Target = TARGETS.find((candidate) => candidate.name === name)!; // the type has only these names
  const interpreter = python === undefined ? defaultInterpreter(env) : interpreterOf(python);
  const place = join(folder, name);
  const fresh = join(folder, `.${name}-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    log(`fetching ${target.package} with ${interpreter} -m pip`);
    await pipInstall(interpreter, target, fresh);
    const library = libraryIn([fresh], target.device);
    if (library === undefined) {
      throw new BackendError(`${target.package} holds no XLA plugin for ${target.device}: its layout has changed`);
    }
    log(`trying ${library}`);
    const facts = await probeLibrary(library, probeFolder(env));
    await replace(fresh, place);
    return { target: name, library: join(place, library.slice(fresh.length + 1)), facts };
  } catch (error) {
    throw new BackendError(`${name} was not installed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function pipInstall(interpreter: string, target: Target, folder: string): Promise<void> {
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
