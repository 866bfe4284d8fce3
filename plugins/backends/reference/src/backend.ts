import { Lifetime, type Backend } from '@tether/core';
import { compileReference } from './executable.ts';
import { createStore, fromHost, toHost } from './tensor.ts';

const NAME = 'reference';

/** Float64 on the host: slow, exact and simple. */
export function createReferenceBackend(): Backend {
  const store = createStore(NAME);
  const lifetime = new Lifetime(`backend ${NAME}`, () => store.releaseAll());
  return {
    name: NAME,
    description: `float64 interpreter, node ${process.versions.node}, 1 thread`,
    compile: (graph, options) => lifetime.during(() => compileReference(store, lifetime, graph, options)),
    upload: (tensor) => lifetime.during(() => store.adopt(tensor, fromHost(tensor))),
    download: (tensor) => lifetime.during(() => toHost(store.own(tensor).content())),
    release: (tensor) => store.release(store.own(tensor)),
    dispose: () => lifetime.end(),
  };
}
