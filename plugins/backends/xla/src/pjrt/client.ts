import { BackendError } from '@tether/core';
import type { DType, Shape } from '@tether/graph';
import { PjrtError, type PjrtApi } from './api.ts';
import { copyBytes, NULL, readPointers, readText, type Pointer } from './memory.ts';

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

/** Bytes that a compiled program needs on each device, as the compiler says. */
export interface ProgramMemory {
  readonly arguments: number;
  readonly outputs: number;
  /** Outputs that lie in arguments' memory. */
  readonly aliased: number;
  readonly temporary: number;
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
    return new PjrtClient(api, client);
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
    await this.awaitEvent(done_with_host_buffer);
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

/** A compiled program on its devices. */
export class LoadedProgram {
  readonly #client: PjrtClient;
  #executable: Pointer | undefined;

  constructor(client: PjrtClient, executable: Pointer) {
    this.#client = client;
    this.#executable = executable;
  }

  /**
   * Runs once and waits for the end.
   *
   * @param inputs   buffers of each device, in the order of the program's arguments
   * @param outputs  number of results
   * @param keep     arguments whose memory must not be taken although the program was compiled to take it
   * @returns buffers of each device, in the order of the program's results
   */
  async execute(
    inputs: readonly (readonly Pointer[])[],
    outputs: number,
    keep: readonly number[],
  ): Promise<Pointer[][]> {
    const { api } = this.#client;
    const memory = api.memory();
    const results = inputs.map(() => new BigUint64Array(Math.max(1, outputs)));
    const events = new BigUint64Array(inputs.length);
    const options = api.struct('ExecuteOptions', {
      non_donatable_input_indices: memory.words(keep.map(BigInt)),
      num_non_donatable_input_indices: BigInt(keep.length),
    });
    await api.callAsync(
      'LoadedExecutable_Execute',
      {
        executable: this.#live(),
        options: memory.address(options),
        argument_lists: memory.words(inputs.map((buffers) => memory.words(buffers))),
        num_devices: BigInt(inputs.length),
        num_args: BigInt(inputs[0]!.length),
        output_lists: memory.words(results.map((list) => memory.address(list))),
        device_complete_events: memory.address(events),
      },
      memory,
    );
    const buffers = results.map((list) => [...list].slice(0, outputs));
    this.#client.live.buffers += outputs * inputs.length;
    const failure = await this.#awaitAll([...events]);
    if (failure === undefined) return buffers;
    for (const buffer of buffers.flat()) this.#client.destroyBuffer(buffer);
    throw failure;
  }

  /** Bytes that `PjrtClient.deserialize` takes. @throws PjrtError where the plugin cannot */
  serialize(): Buffer {
    const { api } = this.#client;
    return this.#withExecutable((executable) => {
      const result = api.call('Executable_Serialize', { executable });
      const bytes = copyBytes(api.koffi, result.serialized_bytes, result.serialized_bytes_size);
      const free = api.koffi.decode(result.serialized_executable_deleter, api.koffi.proto('void', ['void *'])) as (
        serialized: Pointer,
      ) => void;
      free(result.serialized_executable);
      return bytes;
    });
  }

  /** What the compiler planned, or undefined where the plugin does not tell. */
  memory(): ProgramMemory | undefined {
    const { api } = this.#client;
    if (!api.has('Executable_GetCompiledMemoryStats')) return undefined;
    try {
      const stats = this.#withExecutable((executable) => api.call('Executable_GetCompiledMemoryStats', { executable }));
      return {
        arguments: Number(stats.argument_size_in_bytes),
        outputs: Number(stats.output_size_in_bytes),
        aliased: Number(stats.alias_size_in_bytes),
        temporary: Number(stats.temp_size_in_bytes),
      };
    } catch (error) {
      if (error instanceof PjrtError) return undefined;
      throw error;
    }
  }

  destroy(): void {
    if (this.#executable === undefined) return;
    this.#client.api.call('LoadedExecutable_Destroy', { executable: this.#executable });
    this.#executable = undefined;
  }

  #live(): Pointer {
    if (this.#executable === undefined) throw new BackendError('the program was disposed of');
    return this.#executable;
  }

  #withExecutable<T>(action: (executable: Pointer) => T): T {
    const { api } = this.#client;
    const { executable } = api.call('LoadedExecutable_GetExecutable', { loaded_executable: this.#live() });
    try {
      return action(executable);
    } finally {
      api.call('Executable_Destroy', { executable });
    }
  }

  /**
   * Waits for every device; the first failure. One after the other: each wait takes one of the few threads that the
   * process's files are read with as well.
   */
  async #awaitAll(events: readonly Pointer[]): Promise<Error | undefined> {
    let failure: Error | undefined;
    for (const event of events) {
      try {
        await this.#client.awaitEvent(event);
      } catch (error) {
        failure ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    return failure;
  }
}
