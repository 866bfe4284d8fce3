import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '@tether/core';
import { PjrtError } from './pjrt/api.ts';
import type { PjrtClient } from './pjrt/client.ts';
import type { LoadedProgram } from './pjrt/program.ts';

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part); // lengths keep the parts apart
  return hash.digest();
};

const HASH_BYTES = 32;
/** absl's code for what a plugin does not do. */
const UNIMPLEMENTED = 12;

/**
 * Compiled programs on disk, by program, compile options and everything of the machine and the plugin that machine
 * code depends on. A file is its content's SHA-256 and the content; one that does not fit is compiled again, with a
 * warning.
 */
export class ProgramCache {
  readonly #folder: string;
  readonly #client: PjrtClient;
  readonly #machine: string;
  readonly #warn: (message: string) => void;
  #canSerialize = true;

  /** @param machine tells plugin, version, device and processor apart */
  constructor(folder: string, client: PjrtClient, machine: string, warn: (message: string) => void) {
    this.#folder = folder;
    this.#client = client;
    this.#machine = machine;
    this.#warn = warn;
  }

  /** From disk, else compiled and written. Problems with the disk cost time, not the run. */
  async load(program: string, options: Uint8Array, compile: () => Promise<LoadedProgram>): Promise<LoadedProgram> {
    const path = join(this.#folder, `${sha256(this.#machine, options, program).toString('hex')}.bin`);
    const stored = await this.#read(path);
    if (stored !== undefined) {
      try {
        return await this.#client.deserialize(stored);
      } catch (error) {
        await this.#discard(path, `the plugin cannot load it (${messageOf(error)})`);
      }
    }
    const compiled = await compile();
    await this.#write(path, compiled);
    return compiled;
  }

  async #read(path: string): Promise<Buffer | undefined> {
    let file: Buffer;
    try {
      file = await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(`${path} cannot be read: ${messageOf(error)}`);
      return undefined;
    }
    const content = file.subarray(HASH_BYTES);
    if (file.length > HASH_BYTES && sha256(content).equals(file.subarray(0, HASH_BYTES))) return content;
    await this.#discard(path, 'its content is not what was written');
    return undefined;
  }

  async #discard(path: string, reason: string): Promise<void> {
    this.#warn(`compiling again: ${reason}: ${path}`);
    await rm(path, { force: true }).catch(() => undefined); // it is written anew in any case
  }

  async #write(path: string, compiled: LoadedProgram): Promise<void> {
    if (!this.#canSerialize) return;
    let content: Buffer;
    try {
      content = compiled.serialize();
    } catch (error) {
      if (!(error instanceof PjrtError)) throw error;
      // A plugin that cannot serialize says so every time; anything else may be about this program only.
      if (error.code === UNIMPLEMENTED) this.#canSerialize = false;
      this.#warn(`compiled programs are not kept: ${error.message}`);
      return;
    }
    const temporary = `${path}.${randomUUID()}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, Buffer.concat([sha256(content), content]));
      await rename(temporary, path); // whole or not at all
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined); // the first problem is the one to tell
      this.#warn(`${path} cannot be written: ${messageOf(error)}`);
    }
  }
}
