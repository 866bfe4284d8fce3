import { ownTensor, type Backend, type DeviceTensor } from '@tether/core';
import { compileReference } from './executable.ts';
import { fromHost, isOwn, ReferenceTensor, toHost } from './tensor.ts';

const NAME = 'reference';

const own = (tensor: DeviceTensor): ReferenceTensor => ownTensor(tensor, isOwn, NAME);

/** Float64 on the host: slow, exact and simple. */
export const createReferenceBackend = (): Backend => ({
  name: NAME,
  description: `float64 interpreter, node ${process.versions.node}, 1 thread`,
  compile: (graph, options) => Promise.try(() => compileReference(NAME, graph, options)),
  upload: (tensor) => Promise.try(() => new ReferenceTensor(NAME, tensor, fromHost(tensor))),
  download: (tensor) => Promise.try(() => toHost(own(tensor).content())),
  release: (tensor) => void own(tensor).surrender(),
  dispose: () => Promise.resolve(),
});
