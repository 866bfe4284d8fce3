import { join } from 'node:path';
import { BackendError } from '@tether/core';
import { installWheel, type Environment } from '@tether/wheels';
import { installFolder, probeFolder } from './find/folders.ts';
import { libraryIn } from './find/locate.ts';
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
  const { place, facts } = await installWheel({
    ...target,
    folder,
    python,
    env,
    log,
    verify: async (fetched) => {
      const library = libraryIn([fetched], target.device);
      if (library === undefined) {
        throw new BackendError(`${target.package} holds no XLA plugin for ${target.device}: its layout has changed`);
      }
      log(`trying ${library}`);
      return { inside: library.slice(fetched.length + 1), plugin: await probeLibrary(library, probeFolder(env)) };
    },
  });
  return { target: name, library: join(place, facts.inside), facts: facts.plugin };
}
