import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from './errors.ts';

/** A name beside `path` that no other writer uses; hidden, so that a leftover of a killed process is not taken for a result. */
export function temporarySibling(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`);
}

/**
 * Writes a file so that a reader sees the old file or the whole new one: temporary name, flush to disk, rename.
 * If `write` fails nothing is left behind and the old file stays. Throws CheckpointError.
 */
export async function writeFileAtomically(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = temporarySibling(path);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(path, 'written', error);
  }
}

/** Node refuses single reads and writes of 2 GiB or more. */
const MAX_BYTES_AT_ONCE = 2 ** 30;

/** Writes all bytes at the handle's current position. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(MAX_BYTES_AT_ONCE, bytes.length - done));
    done += bytesWritten;
  }
}

/** Fills `bytes` from `position` of the file, fewer if the file ends; returns the number read. */
export async function readAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(MAX_BYTES_AT_ONCE, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, length, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
