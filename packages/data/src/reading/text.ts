import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { DataError } from '../errors.ts';

/** Endings of compressed text, and how it is opened. */
export const COMPRESSIONS: Readonly<Record<string, { readonly name: string; readonly open: () => Transform }>> = {
  '.gz': { name: 'gzip', open: createGunzip },
  '.zst': { name: 'zstd', open: createZstdDecompress },
};

const OPEN_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'this is a folder, not a file',
  EACCES: 'no permission to read it',
};

/** What to say of a file that could not be read. */
export function readProblem(path: string, error: unknown): DataError {
  if (error instanceof DataError) return error;
  if (error instanceof TypeError) {
    return new DataError(`${path}: not UTF-8 text. Save the file as UTF-8 (or check that it is a data file).`, {
      cause: error,
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(Z_|ZSTD_|ERR_ZSTD)/.test(code)) {
    const reason = error instanceof Error ? error.message : code;
    return new DataError(`${path}: cannot be decompressed (${reason}): it is damaged, cut off or of another kind.`, {
      cause: error,
    });
  }
  return new DataError(`${path}: ${OPEN_PROBLEMS[code] ?? String(error)}`, { cause: error });
}

function openBytes(path: string): Readable {
  const file = createReadStream(path);
  const compression = COMPRESSIONS[extname(path).toLowerCase()];
  // The error reaches whoever reads the last stream, so nothing is left to do here.
  return compression === undefined ? file : pipeline(file, compression.open(), () => undefined);
}

/**
 * The file's text in chunks, decompressed, decoded strictly as UTF-8 (a byte-order mark is skipped). Memory stays
 * bounded.
 * @throws DataError when the file cannot be read, is damaged or is not UTF-8.
 */
export async function* readText(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of openBytes(path)) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    throw readProblem(path, error);
  }
}
