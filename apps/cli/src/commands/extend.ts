import { resolve } from 'node:path';
import { isOfLength, mayDiffer } from '../config/length.ts';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { progressOf, type Extension } from '../run/extension.ts';
import { RunFolderError } from '../run/runFolder.ts';
import { listed, startedConfig } from './openFolder.ts';

/**
 * The run in `from`, as the run of a config goes on from it; nothing is made.
 *
 * @throws RunFolderError where the config asks for something else than more steps, RunError where there is no checkpoint
 */
export async function extensionFrom(from: string, loaded: LoadedConfig): Promise<Extension> {
  const folder = resolve(from);
  const started = await startedConfig(folder, from, loaded);
  const { changed } = started;
  const others = changed.filter((difference) => !mayDiffer(difference));
  if (others.length > 0) {
    throw new RunFolderError(
      `${from} was started with another config than ${loaded.file} (and the options given now), and can only be given more steps:${listed(others)}`,
    );
  }
  const progress = await progressOf(folder);
  const { max_steps: steps } = loaded.config.training;
  if (!changed.some(isOfLength) || (steps !== undefined && steps <= progress.completedSteps)) {
    throw new RunFolderError(
      `${from} has ${progress.completedSteps} of ${progress.totalSteps} steps behind it, and the config asks for no more: give it more, for example --set training.max_steps=${2 * progress.totalSteps} (or finish it with --resume ${from})`,
    );
  }
  return { folder, ...progress, training: started.loaded.config.training };
}
