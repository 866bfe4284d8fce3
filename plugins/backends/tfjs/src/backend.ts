import { Lifetime, type Backend } from '@tether/core';
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
  const lifetime = new Lifetime(`backend ${NAME}`, () => store.releaseAll());
  return {
    name: NAME,
    description: engine.description + reasons.join(''),
    compile: (graph, options) => lifetime.during(() => compileGraph({ engine, store, lifetime }, graph, options)),
    upload: (tensor) => lifetime.during(() => store.fromHost(tensor)),
    download: (tensor) => lifetime.during(() => store.toHost(store.own(tensor))),
    release: (tensor) => store.release(store.own(tensor)),
    dispose: () => lifetime.end(),
  };
}
