import type { HostArray } from '@tether/core';
import type { DType, TensorType } from '@tether/graph';
import type { Handle } from '../native/api.ts';
import type { Runtime } from '../native/library.ts';
import { encodeModel } from '../onnx/model.ts';
import { ELEMENT_TYPE } from '../onnx/schema.ts';
import { createSession, type Session } from '../session.ts';
import type { SessionSettings } from '../settings.ts';
import { tensorOver } from './host.ts';
import { bytesOf, HOST_LAYOUT } from './layout.ts';
import type { Storage, TensorMemory } from './memory.ts';

/** A model of any shape that hands on what it is given: the runtime moves it to where the result lies. */
const copyModel = (type: DType): Uint8Array =>
  encodeModel({
    nodes: [{ operator: 'Identity', inputs: ['from'], outputs: ['to'], attributes: {}, label: 'copy' }],
    constants: [],
    inputs: [{ name: 'from', type, shape: undefined }],
    outputs: [{ name: 'to', type, shape: undefined }],
  });

export interface DeviceMemoryOptions {
  /** A write and a read of one buffer by one kernel: allowed by CUDA, not by WebGPU. */
  readonly allowsInPlace: boolean;
}

/**
 * Tensors in the memory of an execution provider's device. They cross the bus when they are uploaded and downloaded,
 * never in a run: a session reads and writes them where they lie.
 */
export class DeviceMemory implements TensorMemory {
  readonly allowsInPlace: boolean;
  readonly #runtime: Runtime;
  readonly #settings: SessionSettings;
  readonly #allocator: Handle;
  readonly #copies = new Map<DType, Promise<Session>>();

  private constructor(
    runtime: Runtime,
    settings: SessionSettings,
    copies: readonly [DType, Session],
    options: DeviceMemoryOptions,
  ) {
    this.#runtime = runtime;
    this.#settings = settings;
    this.allowsInPlace = options.allowsInPlace;
    const [type, session] = copies;
    this.#copies.set(type, Promise.resolve(session));
    this.#allocator = runtime.api.create('CreateAllocator', session.handle(), session.inputMemory());
  }

  /** @param settings of sessions on the provider: where they take their inputs from is where tensors will lie */
  static async open(runtime: Runtime, settings: SessionSettings, options: DeviceMemoryOptions): Promise<DeviceMemory> {
    const session = await createSession(runtime, copyModel('f32'), ['from'], ['to'], settings);
    return new DeviceMemory(runtime, settings, ['f32', session], options);
  }

  allocate({ dtype, shape }: TensorType): Storage {
    const dimensions = BigInt64Array.from(shape, BigInt);
    return {
      handle: this.#runtime.api.create(
        'CreateTensorAsOrtValue',
        this.#allocator,
        dimensions,
        shape.length,
        ELEMENT_TYPE[dtype],
      ),
    };
  }

  async write({ handle }: Storage, type: TensorType, data: HostArray): Promise<void> {
    const buffer = new ArrayBuffer(bytesOf(type));
    HOST_LAYOUT[type.dtype].view(buffer).set(data); // Float64Array rounds to f32 here
    await this.#viaHost(type, buffer, (host) => [host, handle]);
  }

  async read({ handle }: Storage, type: TensorType): Promise<HostArray> {
    const buffer = new ArrayBuffer(bytesOf(type));
    await this.#viaHost(type, buffer, (host) => [handle, host]);
    return HOST_LAYOUT[type.dtype].view(buffer);
  }

  async #viaHost(
    type: TensorType,
    buffer: ArrayBuffer,
    direction: (host: Handle) => readonly [from: Handle, to: Handle],
  ): Promise<void> {
    if (buffer.byteLength === 0) return;
    const session = await this.#copier(type.dtype);
    const host = tensorOver(this.#runtime, type, buffer);
    try {
      const [from, to] = direction(host);
      await session.run([from], [to]);
    } finally {
      this.#runtime.api.release('ReleaseValue', host);
    }
  }

  #copier(type: DType): Promise<Session> {
    const known = this.#copies.get(type);
    if (known !== undefined) return known;
    const made = createSession(this.#runtime, copyModel(type), ['from'], ['to'], this.#settings);
    this.#copies.set(type, made);
    return made;
  }

  free({ handle }: Storage): void {
    this.#runtime.api.release('ReleaseValue', handle);
  }

  /** The provider keeps freed memory itself. */
  countRun(): void {}

  async dispose(): Promise<void> {
    const sessions = await Promise.all(this.#copies.values());
    this.#copies.clear();
    this.#runtime.api.release('ReleaseAllocator', this.#allocator);
    for (const session of sessions) session.dispose();
  }
}
