import type { DType, Shape } from '@tether/graph';
import type { PjrtApi } from './api.ts';
import { NULL, readPointers, readText, type Pointer } from './memory.ts';
import { LoadedProgram } from './program.ts';

/** PJRT_Buffer_Type. */
const ELEMENT_TYPE: Readonly<Record<DType, bigint>> = { bool: 1n, i32: 4n, f16: 10n, f32: 11n, bf16: 13n };
/** PJRT_HostBufferSemantics: the plugin copies before the call returns. */
const COPY_DURING_CALL = 0n;
/** PJRT_NamedValue_Type. */
const INT64 = 1n;

export interface Device {
  readonly pointer: Pointer;
  readonly kind: string;
}

/** One connection to the devices of a plugin. */
export class PjrtClient {
  readonly api: PjrtApi;
  readonly platform: string;
  readonly platformVersion: string;
  readonly devices: readonly Device[];
  readonly #client: Pointer;
  /** Buffers and events that exist now: what a test counts. */
  readonly live = { buffers: 0, events: 0 };

  private constructor(api: PjrtApi, client: Pointer) {
    this.api = api;
    this.#client = client;
    const name = api.call('Client_PlatformName', { client });
    this.platform = readText(api.koffi, name.platform_name, name.platform_name_size);
    const version = api.call('Client_PlatformVersion', { client });
    this.platformVersion = readText(api.koffi, version.platform_version, version.platform_version_size);
    const { addressable_devices, num_addressable_devices } = api.call('Client_AddressableDevices', { client });
    this.devices = readPointers(api.koffi, addressable_devices, num_addressable_devices).map((pointer) => ({
      pointer,
      kind: kindOf(api, pointer),
    }));
  }

  /** @param options numbers by name that the plugin understands, such as `cpu_device_count` */
  static async create(api: PjrtApi, options: Readonly<Record<string, number>> = {}): Promise<PjrtClient> {
    const memory = api.memory();
    const named = Object.entries(options).map(([name, value]) => {
      const { pointer, size } = memory.text(name);
      return api.struct('NamedValue', {
        name: pointer,
        name_size: size,
        type: INT64,
        value: BigInt(value),
        value_size: 1n,
      });
    });
    const { client } = await api.callAsync(
      'Client_Create',
      { create_options: memory.address(Buffer.concat(named)), num_options: BigInt(named.length) },
      memory,
    );
    try {
      return new PjrtClient(api, client);
    } catch (error) {
      api.call('Client_Destroy', { client });
      throw error;
    }
  }

  /** Copies an array to a device. Long copies run on another thread. */
  async upload(data: ArrayBufferView, dtype: DType, shape: Shape, device: number): Promise<Pointer> {
    const memory = this.api.memory();
    const values = {
      client: this.#client,
      data: memory.address(data.byteLength === 0 ? new Uint8Array(8) : data),
      type: ELEMENT_TYPE[dtype],
      dims: memory.words(shape.map(BigInt)),
      num_dims: BigInt(shape.length),
      host_buffer_semantics: COPY_DURING_CALL,
      device: this.devices[device]!.pointer,
    };
    const { buffer, done_with_host_buffer } =
      data.byteLength < SHORT_BYTES
        ? this.api.call('Client_BufferFromHostBuffer', values, memory)
        : await this.api.callAsync('Client_BufferFromHostBuffer', values, memory);
    this.live.buffers++;
    try {
      await this.awaitEvent(done_with_host_buffer);
    } catch (error) {
      this.destroyBuffer(buffer);
      throw error;
    }
    return buffer;
  }

  /** Copies a device's array into `target`, row by row. */
  async download(buffer: Pointer, target: ArrayBufferView): Promise<void> {
    const memory = this.api.memory();
    const { event } = await this.api.callAsync(
      'Buffer_ToHostBuffer',
      { src: buffer, dst: memory.address(target), dst_size: BigInt(target.byteLength) },
      memory,
    );
    await this.awaitEvent(event, memory);
  }

  destroyBuffer(buffer: Pointer): void {
    this.api.call('Buffer_Destroy', { buffer });
    this.live.buffers--;
  }

  /** Bytes that a buffer takes on its device. */
  sizeOf(buffer: Pointer): number {
    return Number(this.api.call('Buffer_OnDeviceSizeInBytes', { buffer }).on_device_size_in_bytes);
  }

  /**
   * Waits on another thread until the event is there, and frees it. Throws the error that it carries.
   *
   * @param memory what must be kept until then
   */
  async awaitEvent(event: Pointer, memory = this.api.memory()): Promise<void> {
    if (event === NULL) return;
    this.live.events++;
    try {
      if (this.api.call('Event_IsReady', { event }).is_ready === 0n) {
        await this.api.callAsync('Event_Await', { event }, memory);
      } else this.api.call('Event_Await', { event }, memory); // ready: gives its error at once
    } finally {
      this.api.call('Event_Destroy', { event });
      this.live.events--;
    }
  }

  /** Compiles StableHLO text. @param options a serialized CompileOptionsProto */
  async compile(program: string, options: Uint8Array): Promise<LoadedProgram> {
    const memory = this.api.memory();
    const code = memory.text(program);
    const format = memory.text('mlir');
    const struct = this.api.struct('Program', {
      code: code.pointer,
      code_size: code.size,
      format: format.pointer,
      format_size: format.size,
    });
    const { executable } = await this.api.callAsync(
      'Client_Compile',
      {
        client: this.#client,
        program: memory.address(struct),
        compile_options: memory.address(options),
        compile_options_size: BigInt(options.byteLength),
      },
      memory,
    );
    return new LoadedProgram(this, executable);
  }

  /** Loads what `LoadedProgram.serialize` gave. */
  async deserialize(bytes: Uint8Array): Promise<LoadedProgram> {
    const memory = this.api.memory();
    const { loaded_executable } = await this.api.callAsync(
      'Executable_DeserializeAndLoad',
      {
        client: this.#client,
        serialized_executable: memory.address(bytes),
        serialized_executable_size: BigInt(bytes.byteLength),
      },
      memory,
    );
    return new LoadedProgram(this, loaded_executable);
  }

  destroy(): void {
    this.api.call('Client_Destroy', { client: this.#client });
  }
}

/** Copies below this are over before a thread would have started. */
const SHORT_BYTES = 2 ** 16;

function kindOf(api: PjrtApi, device: Pointer): string {
  const { device_description } = api.call('Device_GetDescription', { device });
  const { device_kind, device_kind_size } = api.call('DeviceDescription_Kind', { device_description });
  return readText(api.koffi, device_kind, device_kind_size);
}
