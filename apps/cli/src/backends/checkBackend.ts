import { BackendError } from '@tether/core';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { isAuto } from './autoBackend.ts';
import { probeEngine, unavailability } from './engines.ts';

/**
 * Throws BackendError where a config's engine cannot be had here, before anything slow is done and without making
 * anything. `backend: auto` has its own trial of every engine.
 *
 * @param runsHere whether the run is this process's own: then it opens the engine itself, as it will soon do anyway, in
 * place of a process that takes half a second to start
 */
export async function checkBackend(loaded: LoadedConfig, runsHere: boolean): Promise<void> {
  if (isAuto(loaded)) return;
  const { name, options } = loaded.config.backend;
  const reason = runsHere
    ? await unavailability(await new PluginRegistry(loaded.baseFolder).get('backend', name), options)
    : (await probeEngine({ backend: name, options }, loaded.baseFolder)).reason;
  if (reason !== undefined) throw new BackendError(`backend ${name}: ${reason}`);
}
