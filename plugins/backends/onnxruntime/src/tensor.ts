import { BackendError, type DeviceTensor, type HostArray, type HostTensor } from '@tether/core';
import { formatType, sizeOf, type DType, type Shape, type TensorType } from '@tether/graph';
import type { Handle } from './native/api.ts';
import type { Runtime } from './native/library.ts';
import { ELEMENT_TYPE } from './onnx/schema.ts';
import type { BufferPool } from './pool.ts';

interface HostLayout {
  readonly bytes: number;
  /** Array types that are accepted; the first is what `download` gives. */
  readonly arrays: readonly string[];
  readonly view: (buffer: ArrayBuffer) => HostArray;
}

const HOST_LAYOUT: Readonly<Record<DType, HostLayout>> = {
  f32: { bytes: 4, arrays: ['Float32Array', 'Float64Array'], view: (buffer) => new Float32Array(buffer) },
  bf16: { bytes: 2, arrays: ['Uint16Array'], view: (buffer) => new Uint16Array(buffer) },
  f16: { bytes: 2, arrays: ['Uint16Array'], view: (buffer) => new Uint16Array(buffer) },
  i32: { bytes: 4, arrays: ['Int32Array'], view: (buffer) => new Int32Array(buffer) },
  bool: { bytes: 1, arrays: ['Uint8Array'], view: (buffer) => new Uint8Array(buffer) },
};

/** Memory of a tensor and the runtime's object over it. */
interface Storage {
  readonly buffer: ArrayBuffer;
  readonly handle: Handle;
}

/** A tensor over a JavaScript buffer, which the runtime reads and writes where it lies. */
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

  view(): HostArray {
    return HOST_LAYOUT[this.dtype].view(this.storage().buffer);
  }

  /** Makes the handle dead and hands its memory to the caller. */
  surrender(): Storage {
    const storage = this.storage();
    this.#storage = undefined;
    return storage;
  }
}

/** A copy of its elements. */
export const toHost = (tensor: OrtTensor): HostTensor => {
  const { dtype, shape } = tensor;
  return { dtype, shape, data: tensor.view().slice() };
};

/** Makes and frees the tensors of one backend. */
export class TensorStore {
  readonly #backend: string;
  readonly #runtime: Runtime;
  readonly #pool: BufferPool;

  constructor(backend: string, runtime: Runtime, pool: BufferPool) {
    this.#backend = backend;
    this.#runtime = runtime;
    this.#pool = pool;
  }

  /** A tensor with arbitrary contents. */
  allocate(type: TensorType): OrtTensor {
    const { bytes } = HOST_LAYOUT[type.dtype];
    const buffer = this.#pool.take(sizeOf(type.shape) * bytes);
    const handle = this.#runtime.api.create(
      'CreateTensorWithDataAsOrtValue',
      this.#runtime.hostMemory,
      new Uint8Array(buffer),
      buffer.byteLength,
      BigInt64Array.from(type.shape, BigInt),
      type.shape.length,
      ELEMENT_TYPE[type.dtype],
    );
    return new OrtTensor(this.#backend, type, { buffer, handle });
  }

  /** @throws BackendError when the elements do not fit the type */
  fromHost({ dtype, shape, data }: HostTensor): OrtTensor {
    const { arrays } = HOST_LAYOUT[dtype];
    const kind = data.constructor.name;
    if (!arrays.includes(kind)) {
      throw new BackendError(`${dtype} is uploaded from ${arrays.join(' or ')}, not ${kind}`);
    }
    if (data.length !== sizeOf(shape)) {
      throw new BackendError(`${data.length} elements are not ${formatType({ dtype, shape })}`);
    }
    const tensor = this.allocate({ dtype, shape });
    tensor.view().set(data); // Float64Array rounds to f32 here
    return tensor;
  }

  /** A second handle on memory whose first handle is dead from now on. */
  adopt(donor: OrtTensor): OrtTensor {
    return new OrtTensor(this.#backend, donor, donor.surrender());
  }

  release(tensor: OrtTensor): void {
    const { buffer, handle } = tensor.surrender();
    this.#runtime.api.release('ReleaseValue', handle);
    this.#pool.give(buffer);
  }

  /** @throws BackendError for a tensor of another backend */
  own(tensor: DeviceTensor): OrtTensor {
    if (tensor instanceof OrtTensor) return tensor;
    throw new BackendError(`backend ${this.#backend} cannot read a tensor of backend ${tensor.backend}`);
  }
}
