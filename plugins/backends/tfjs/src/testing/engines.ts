import type { Backend } from '@tether/core';
import { chooseEngine } from '../engines/choose.ts';
import type { Engine } from '../engines/engine.ts';
import { createBackend } from '../backend.ts';
import { ENGINES, configSchema, type EngineName } from '../config.ts';

export interface EngineUnderTest {
  readonly name: EngineName;
  readonly engine: Engine;
  readonly backend: Backend;
}

/** Every engine of this machine; tells which are missing. */
export async function enginesHere(): Promise<EngineUnderTest[]> {
  const found: EngineUnderTest[] = [];
  for (const name of ENGINES) {
    const config = configSchema.parse({ engine: name });
    try {
      found.push({ name, engine: (await chooseEngine(config)).engine, backend: await createBackend(config) });
    } catch (error) {
      console.info(`skipped: ${(error as Error).message}`);
    }
  }
  return found;
}
