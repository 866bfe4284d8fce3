import { BackendError } from '@tether/core';
import { PjrtError } from './api.ts';
import type { PjrtClient } from './client.ts';
import { copyBytes, type Pointer } from './memory.ts';

/** Bytes that a compiled program needs on each device, as the compiler says. */
export interface ProgramMemory {
  readonly arguments: number;
  readonly outputs: number;
  /** Outputs that lie in arguments' memory. */
  readonly aliased: number;
  readonly temporary: number;
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
