import { checkHostTensor, LiveTensors, TensorHandle, type HostTensor } from '@tether/core';
import type { TensorType } from '@tether/graph';
import type { Storage, TensorMemory } from './memory/memory.ts';

/** A tensor in the backend's memory. */
export class OrtTensor extends TensorHandle<Storage> {}

/** Makes and frees the tensors of one backend. */
export class TensorStore extends LiveTensors<Storage, OrtTensor> {
  readonly #memory: TensorMemory;

  constructor(backend: string, memory: TensorMemory) {
    super(backend, OrtTensor, (storage) => memory.free(storage));
    this.#memory = memory;
  }

  /** A tensor with arbitrary contents. */
  allocate(type: TensorType): OrtTensor {
    return this.adopt(type, this.#memory.allocate(type));
  }

  /** @throws BackendError when the elements do not fit the type */
  async fromHost(source: HostTensor): Promise<OrtTensor> {
    checkHostTensor(source);
    const tensor = this.allocate(source);
    await this.#memory.write(tensor.content(), tensor, source.data);
    return tensor;
  }

  /** A copy of its elements. */
  async toHost(tensor: OrtTensor): Promise<HostTensor> {
    const { dtype, shape } = tensor;
    return { dtype, shape, data: await this.#memory.read(tensor.content(), tensor) };
  }

  /** A second handle on memory whose first handle is dead from now on. */
  takeOver(donor: OrtTensor): OrtTensor {
    return this.adopt(donor, this.surrender(donor));
  }
}
