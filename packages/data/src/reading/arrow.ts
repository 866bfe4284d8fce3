import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { DataError } from '../errors.ts';
import type { RawRow } from './row.ts';
import { readProblem } from './text.ts';

/** What Arrow's rows and lists have in common, whatever their classes. */
interface ToJson {
  toJSON(): unknown;
}

const hasToJson = (value: object): value is ToJson => 'toJSON' in value && typeof value.toJSON === 'function';

/** Arrow's views of rows, structs and lists as plain objects and arrays. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (hasToJson(value) && !(value instanceof Date)) return plain(value.toJSON());
  if (ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

async function* batchRows(file: FileHandle): AsyncGenerator<RawRow> {
  const { RecordBatchReader } = await import('apache-arrow');
  const start = new Uint8Array(6);
  await file.read(start, 0, start.length, 0);
  // The file format begins with a magic word and needs random access; `datasets` writes the stream format.
  const isFileFormat = new TextDecoder().decode(start) === 'ARROW1';
  const reader = isFileFormat
    ? await RecordBatchReader.from(file)
    : await RecordBatchReader.from(file.createReadStream({ start: 0, autoClose: false }));
  await reader.open();
  let rowNumber = 0;
  for await (const batch of reader) {
    for (let row = 0; row < batch.numRows; row++) yield { rowNumber: ++rowNumber, value: plain(batch.get(row)) };
  }
}

/**
 * The rows of an Arrow file or stream (as `datasets` saves them), one record batch in memory at a time.
 * @throws DataError when the file is not Arrow, is cut off, or uses a feature that the library does not know.
 */
export async function* readArrow(path: string): AsyncGenerator<RawRow> {
  const file = await open(path).catch((error: unknown) => {
    throw readProblem(path, error);
  });
  try {
    yield* batchRows(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${path}: cannot be read as Arrow: ${reason}`, { cause: error });
  } finally {
    await file.close().catch(() => undefined); // the reader may have closed it already
  }
}
