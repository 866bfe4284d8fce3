import { createReadStream } from 'node:fs';
import { DataError } from '../errors.ts';

const OPEN_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'this is a folder, not a file',
  EACCES: 'no permission to read it',
};

function readProblem(path: string, error: unknown): DataError {
  if (error instanceof TypeError) {
    return new DataError(`${path}: not UTF-8 text. Save the file as UTF-8 (or check that it is a data file).`, {
      cause: error,
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new DataError(`${path}: ${OPEN_PROBLEMS[code] ?? String(error)}`, { cause: error });
}

/**
 * The file's text in chunks, decoded strictly as UTF-8 (a byte-order mark is skipped). Memory stays bounded.
 * @throws DataError when the file cannot be read or is not UTF-8.
 */
export async function* readText(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(path)) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    throw readProblem(path, error);
  }
}
