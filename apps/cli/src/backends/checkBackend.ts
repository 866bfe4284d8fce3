import { BackendError } from '@tether/core';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { isAuto } from './autoBackend.ts';
import { probeEngine } from './engines.ts';

/**
 * Throws BackendError where a config's engine cannot be had here, before anything slow is done and without making
 * anything. `backend: auto` has its own trial of every engine.
 */
export async function checkBackend(loaded: LoadedConfig): Promise<void> {
  if (isAuto(loaded)) return;
  const { name, options } = loaded.config.backend;
  const { reason } = await probeEngine({ backend: name, options }, loaded.baseFolder);
  if (reason !== undefined) throw new BackendError(`backend ${name}: ${reason}`);
}
