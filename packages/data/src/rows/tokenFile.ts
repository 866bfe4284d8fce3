import { closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EncodedRow } from '@tether/core';

/** Bytes of a token id, in memory and in the file. */
export const TOKEN_BYTES = 4;
const BLOCK_TOKENS = 2 ** 18; // written in blocks of 1 MiB

/** Token ids one after the other, in this machine's byte order: a cache, not a format to pass on. */
export class TokenFile {
  readonly path: string;
  readonly #handle: number;
  readonly #block = new Int32Array(BLOCK_TOKENS);
  #waiting = 0; // tokens in the block

  private constructor(path: string, flags: string) {
    this.path = path;
    this.#handle = openSync(path, flags);
  }

  static create(path: string): TokenFile {
    mkdirSync(dirname(path), { recursive: true });
    return new TokenFile(path, 'w+');
  }

  static open(path: string): TokenFile {
    return new TokenFile(path, 'r');
  }

  add({ prompt, completions }: EncodedRow): void {
    for (const part of [prompt, ...completions]) this.#append(part);
  }

  #append(tokens: Int32Array): void {
    for (let from = 0; from < tokens.length;) {
      if (this.#waiting === BLOCK_TOKENS) this.flush();
      const part = tokens.subarray(from, from + BLOCK_TOKENS - this.#waiting);
      this.#block.set(part, this.#waiting);
      this.#waiting += part.length;
      from += part.length;
    }
  }

  flush(): void {
    const bytes = new Uint8Array(this.#block.buffer, 0, this.#waiting * TOKEN_BYTES);
    for (let written = 0; written < bytes.length;) written += writeSync(this.#handle, bytes, written);
    this.#waiting = 0;
  }

  /**
   * `count` tokens from token `start` on.
   * @throws Error when the file is shorter than that.
   */
  read(start: number, count: number): Int32Array {
    if (this.#waiting > 0) this.flush();
    const tokens = new Int32Array(count);
    const bytes = new Uint8Array(tokens.buffer);
    for (let done = 0; done < bytes.length;) {
      const read = readSync(this.#handle, bytes, done, bytes.length - done, start * TOKEN_BYTES + done);
      if (read === 0) throw new Error(`${this.path} was cut off: delete it, and it is made again`);
      done += read;
    }
    return tokens;
  }

  close(): void {
    closeSync(this.#handle);
  }
}
