import type { Backend } from '@tether/core';
import { compileReference } from './executable.ts';
import { fromHost, TensorStore, toHost } from './tensor.ts';

const NAME = 'reference';

/** Float64 on the host: slow, exact and simple. */
export function createReferenceBackend(): Backend {
  const store = new TensorStore(NAME);
  return {
    name: NAME,
    description: `float64 interpreter, node ${process.versions.node}, 1 thread`,
    compile: (graph, options) => Promise.try(() => compileReference(store, graph, options)),
    upload: (tensor) => Promise.try(() => store.adopt(fromHost(tensor))),
    download: (tensor) => Promise.try(() => toHost(store.own(tensor).content())),
    release: (tensor) => store.release(store.own(tensor)),
    dispose: () => Promise.try(() => store.releaseAll()),
  };
}
