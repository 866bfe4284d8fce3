import { ownTensor, type Backend, type DeviceTensor } from '@tether/core';
import type { TfjsConfig } from './config.ts';
import { chooseEngine } from './engines/choose.ts';
import { compileGraph } from './executable.ts';
import { fromHost, isOwn, type TfjsTensor, toHost } from './tensor.ts';

export const NAME = 'tfjs';

const own = (tensor: DeviceTensor): TfjsTensor => ownTensor(tensor, isOwn, NAME);

/** @throws BackendError where no engine, or not the one that was asked for, can be had */
export async function createBackend(config: TfjsConfig): Promise<Backend> {
  const { engine, passedOver } = await chooseEngine(config);
  const reasons = passedOver.map(({ engine: name, reason }) => `; ${name} passed over: ${reason}`);
  return {
    name: NAME,
    description: engine.description + reasons.join(''),
    compile: (graph, options) => Promise.try(() => compileGraph(NAME, engine, graph, options)),
    upload: (tensor) => Promise.try(() => fromHost(NAME, engine, tensor)),
    download: (tensor) => Promise.try(() => toHost(engine, own(tensor))),
    release: (tensor) => own(tensor).surrender().dispose(),
    dispose: () => Promise.resolve(),
  };
}
