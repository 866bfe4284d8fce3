import { messageOf, type Availability } from '@tether/core';
import type { TfjsConfig } from './config.ts';
import { chooseEngine } from './engines/choose.ts';

/**
 * Loads the engine, and tells what is missing where that fails. For `auto` the plain one is enough: which is the fastest
 * can wait until a run needs it.
 */
export async function availability(config: TfjsConfig): Promise<Availability> {
  try {
    await chooseEngine(config.engine === 'auto' ? { ...config, engine: 'cpu' } : config);
    return { available: true };
  } catch (error) {
    return { available: false, reason: messageOf(error) };
  }
}
