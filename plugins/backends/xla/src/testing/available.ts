import { describe, it } from 'vitest';
import { plugin } from '../index.ts';
import { configSchema, type XlaConfig } from '../config.ts';

/** A config for tests: nothing is left in the user's folder for compiled programs. */
export const testConfig = (given: Partial<XlaConfig> = {}): XlaConfig => configSchema.parse({ cache: false, ...given });

/** Registers tests where a plugin library is there, and one skipped test that tells the reason where none is. */
export async function whereAvailable(title: string, tests: () => void): Promise<void> {
  const availability = await plugin.availability(testConfig());
  if (availability.available) describe(title, tests);
  else it(title, (context) => context.skip(availability.reason));
}
