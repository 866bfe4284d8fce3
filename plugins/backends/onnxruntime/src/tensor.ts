import { checkHostTensor, ownTensor, TensorHandle, type DeviceTensor, type HostTensor } from '@tether/core';
import type { TensorType } from '@tether/graph';
import type { Storage, TensorMemory } from './memory/memory.ts';

/** A tensor in the backend's memory. */
export class OrtTensor extends TensorHandle<Storage> {}

export const isOwn = (tensor: DeviceTensor): tensor is OrtTensor => tensor instanceof OrtTensor;

/** Makes and frees the tensors of one backend. */
export class TensorStore {
  readonly #backend: string;
  readonly #memory: TensorMemory;
  readonly #alive = new Set<OrtTensor>();

  constructor(backend: string, memory: TensorMemory) {
    this.#backend = backend;
    this.#memory = memory;
  }

  /** A tensor with arbitrary contents. */
  allocate(type: TensorType): OrtTensor {
    return this.#hold(type, this.#memory.allocate(type));
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
  adopt(donor: OrtTensor): OrtTensor {
    return this.#hold(donor, this.#surrender(donor));
  }

  release(tensor: OrtTensor): void {
    this.#memory.free(this.#surrender(tensor));
  }

  releaseAll(): void {
    for (const tensor of this.#alive) this.release(tensor);
  }

  /** @throws BackendError for a tensor of another backend */
  own(tensor: DeviceTensor): OrtTensor {
    return ownTensor(tensor, isOwn, this.#backend);
  }

  #hold(type: TensorType, storage: Storage): OrtTensor {
    const tensor = new OrtTensor(this.#backend, type, storage);
    this.#alive.add(tensor);
    return tensor;
  }

  #surrender(tensor: OrtTensor): Storage {
    const storage = tensor.surrender();
    this.#alive.delete(tensor);
    return storage;
  }
}
