import { BackendError, type HostArray } from '@tether/core';
import { formatType, type TensorType } from '@tether/graph';
import type { Handle } from '../native/api.ts';
import type { Runtime } from '../native/library.ts';
import { ELEMENT_TYPE } from '../onnx/schema.ts';
import { bytesOf, HOST_LAYOUT } from './layout.ts';
import type { Storage, TensorMemory } from './memory.ts';
import { BufferPool } from './pool.ts';

/** The runtime's object over a JavaScript buffer, which it reads and writes where it lies. */
export const tensorOver = ({ api, hostMemory }: Runtime, { dtype, shape }: TensorType, buffer: ArrayBuffer): Handle =>
  api.create(
    'CreateTensorWithDataAsOrtValue',
    hostMemory,
    new Uint8Array(buffer),
    buffer.byteLength,
    BigInt64Array.from(shape, BigInt),
    shape.length,
    ELEMENT_TYPE[dtype],
  );

/** Tensors over JavaScript buffers. */
export class HostMemory implements TensorMemory {
  readonly allowsInPlace = true;
  readonly #runtime: Runtime;
  readonly #pool = new BufferPool();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  allocate(type: TensorType): Storage & { readonly buffer: ArrayBuffer } {
    const buffer = this.#take(type);
    return { buffer, handle: tensorOver(this.#runtime, type, buffer) };
  }

  #take(type: TensorType): ArrayBuffer {
    try {
      return this.#pool.take(bytesOf(type));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new BackendError(`out of memory: ${formatType(type)} takes ${bytesOf(type)} bytes`, { cause: error });
    }
  }

  write({ buffer }: Storage, { dtype }: TensorType, data: HostArray): Promise<void> {
    HOST_LAYOUT[dtype].view(buffer!).set(data); // Float64Array rounds to f32 here
    return Promise.resolve();
  }

  read({ buffer }: Storage, { dtype }: TensorType): Promise<HostArray> {
    return Promise.resolve(HOST_LAYOUT[dtype].view(buffer!).slice());
  }

  free({ buffer, handle }: Storage): void {
    this.#runtime.api.release('ReleaseValue', handle);
    this.#pool.give(buffer!);
  }

  countRun(): void {
    this.#pool.countRun();
  }

  dispose(): Promise<void> {
    this.#pool.clear();
    return Promise.resolve();
  }
}
