import type { Backend } from '@tether/core';
import type { TfjsConfig } from './config.ts';
import { chooseEngine } from './engines/choose.ts';
import { compileGraph } from './executable.ts';
import { TensorStore } from './tensor.ts';

export const NAME = 'tfjs';

/** @throws BackendError where no engine, or not the one that was asked for, can be had */
export async function createBackend(config: TfjsConfig): Promise<Backend> {
  const { engine, passedOver } = await chooseEngine(config);
  const reasons = passedOver.map(({ engine: name, reason }) => `; ${name} passed over: ${reason}`);
  const store = new TensorStore(NAME, engine);
  return {
    name: NAME,
    description: engine.description + reasons.join(''),
    compile: (graph, options) => Promise.try(() => compileGraph(store, engine, graph, options)),
    upload: (tensor) => Promise.try(() => store.fromHost(tensor)),
    download: (tensor) => Promise.try(() => store.toHost(store.own(tensor))),
    release: (tensor) => store.release(store.own(tensor)),
    dispose: () => Promise.try(() => store.releaseAll()),
  };
}
