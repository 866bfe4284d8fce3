import type { Availability } from '@tether/core';
import type { TfjsConfig } from './config.ts';
import { chooseEngine } from './engines/choose.ts';

/** Loads the engine, and tells what is missing where that fails. */
export async function availability(config: TfjsConfig): Promise<Availability> {
  try {
    await chooseEngine(config);
    return { available: true };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
