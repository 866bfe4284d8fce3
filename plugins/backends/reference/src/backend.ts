import { BackendError, type Backend, type DeviceTensor } from '@tether/core';
import { compileReference } from './executable.ts';
import { fromHost, isOwn, ReferenceTensor, toHost } from './tensor.ts';

const NAME = 'reference';

function own(tensor: DeviceTensor): ReferenceTensor {
  if (isOwn(tensor)) return tensor;
  throw new BackendError(`backend ${NAME} cannot read a tensor of backend ${tensor.backend}`);
}

/** Float64 on the host: slow, exact and simple. */
export const createReferenceBackend = (): Backend => ({
  name: NAME,
  description: `float64 interpreter, node ${process.versions.node}, 1 thread`,
  compile: (graph, options) => Promise.try(() => compileReference(NAME, graph, options)),
  upload: (tensor) => Promise.try(() => new ReferenceTensor(NAME, fromHost(tensor))),
  download: (tensor) => Promise.try(() => toHost(own(tensor).value())),
  release: (tensor) => own(tensor).release(),
  dispose: () => Promise.resolve(),
});
