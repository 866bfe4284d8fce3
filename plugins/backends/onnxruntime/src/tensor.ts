import { BackendError, type DeviceTensor, type HostTensor } from '@tether/core';
import { formatType, sizeOf, type DType, type Shape, type TensorType } from '@tether/graph';
import { HOST_LAYOUT } from './memory/layout.ts';
import type { Storage, TensorMemory } from './memory/memory.ts';

/** A tensor in the backend's memory. */
export class OrtTensor implements DeviceTensor {
  readonly backend: string;
  readonly dtype: DType;
  readonly shape: Shape;
  #storage: Storage | undefined;

  constructor(backend: string, { dtype, shape }: TensorType, storage: Storage) {
    this.backend = backend;
    this.dtype = dtype;
    this.shape = shape;
    this.#storage = storage;
  }

  get isAlive(): boolean {
    return this.#storage !== undefined;
  }

  /** @throws BackendError when the handle is dead */
  storage(): Storage {
    if (this.#storage !== undefined) return this.#storage;
    throw new BackendError(`this ${formatType(this)} tensor was released or given up to an in-place run`);
  }

  /** Makes the handle dead and hands its memory to the caller. */
  surrender(): Storage {
    const storage = this.storage();
    this.#storage = undefined;
    return storage;
  }
}

export const isOwn = (tensor: DeviceTensor): tensor is OrtTensor => tensor instanceof OrtTensor;

/** Makes and frees the tensors of one backend. */
export class TensorStore {
  readonly #backend: string;
  readonly #memory: TensorMemory;

  constructor(backend: string, memory: TensorMemory) {
    this.#backend = backend;
    this.#memory = memory;
  }

  /** A tensor with arbitrary contents. */
  allocate(type: TensorType): OrtTensor {
    return new OrtTensor(this.#backend, type, this.#memory.allocate(type));
  }

  /** @throws BackendError when the elements do not fit the type */
  async fromHost({ dtype, shape, data }: HostTensor): Promise<OrtTensor> {
    const { arrays } = HOST_LAYOUT[dtype];
    const kind = data.constructor.name;
    if (!arrays.includes(kind)) {
      throw new BackendError(`${dtype} is uploaded from ${arrays.join(' or ')}, not ${kind}`);
    }
    if (data.length !== sizeOf(shape)) {
      throw new BackendError(`${data.length} elements are not ${formatType({ dtype, shape })}`);
    }
    const tensor = this.allocate({ dtype, shape });
    await this.#memory.write(tensor.storage(), tensor, data);
    return tensor;
  }

  /** A copy of its elements. */
  async toHost(tensor: OrtTensor): Promise<HostTensor> {
    const { dtype, shape } = tensor;
    return { dtype, shape, data: await this.#memory.read(tensor.storage(), tensor) };
  }

  /** A second handle on memory whose first handle is dead from now on. */
  adopt(donor: OrtTensor): OrtTensor {
    return new OrtTensor(this.#backend, donor, donor.surrender());
  }

  release(tensor: OrtTensor): void {
    this.#memory.free(tensor.surrender());
  }

  /** @throws BackendError for a tensor of another backend */
  own(tensor: DeviceTensor): OrtTensor {
    if (isOwn(tensor)) return tensor;
    throw new BackendError(`backend ${this.#backend} cannot read a tensor of backend ${tensor.backend}`);
  }
}
