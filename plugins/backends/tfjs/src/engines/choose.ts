import { BackendError } from '@tether/core';
import { ENGINES, type EngineName, type TfjsConfig } from '../config.ts';
import { EngineUnavailable, type Engine } from './engine.ts';
import { loadNative } from './native.ts';
import { loadPortable } from './portable.ts';

const LOADERS: Readonly<Record<EngineName, (config: TfjsConfig) => Promise<Engine>>> = {
  'node-gpu': (config) => loadNative('node-gpu', config),
  node: (config) => loadNative('node', config),
  wasm: () => loadPortable('wasm'),
  cpu: () => loadPortable('cpu'),
};

export interface Choice {
  readonly engine: Engine;
  /** Faster engines that could not be had, and why. */
  readonly passedOver: readonly { readonly engine: EngineName; readonly reason: string }[];
}

/** @throws BackendError with the reason of every engine that was tried, where none can be had */
export async function chooseEngine(config: TfjsConfig): Promise<Choice> {
  const passedOver: { engine: EngineName; reason: string }[] = [];
  for (const name of config.engine === 'auto' ? ENGINES : [config.engine]) {
    try {
      return { engine: await LOADERS[name](config), passedOver };
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      passedOver.push({ engine: name, reason: error.message });
    }
  }
  const reasons = passedOver.map(({ engine, reason }) => `${engine}: ${reason}`);
  throw new BackendError(`no engine of TensorFlow.js can be had: ${reasons.join('; ')}`);
}
