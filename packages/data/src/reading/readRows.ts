import { extname } from 'node:path';
import { DataError } from '../errors.ts';
import { readJsonArray } from './jsonArray.ts';
import { readJsonLines } from './jsonLines.ts';
import type { RawRow, RowReader } from './row.ts';
import { readText } from './text.ts';

/** Looks at the first character only: files named .json hold one array or one row per line, and so do .jsonl files. */
async function* readJson(source: string, text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  const chunks = text[Symbol.asyncIterator]();
  let head = '';
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    head += next.value;
    if (head.trim() !== '') break;
  }
  if (head.trim() === '') throw new DataError(`${source}: the file is empty.`);
  const reader: RowReader = head.trimStart().startsWith('[') ? readJsonArray : readJsonLines;
  yield* reader(source, withHead(head, chunks));
}

async function* withHead(head: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** How each kind of file is read. A new kind (compressed, columnar) is one line here and one reader. */
const READERS: Readonly<Record<string, (path: string) => AsyncGenerator<RawRow>>> = {
  '.json': (path) => readJson(path, readText(path)),
  '.jsonl': (path) => readJson(path, readText(path)),
  '.ndjson': (path) => readJson(path, readText(path)),
};

/**
 * The rows of a data file in order, read as they are needed.
 * @throws DataError for an unknown kind of file, an unreadable or empty file, or text that is not JSON.
 */
export async function* readRows(path: string): AsyncGenerator<RawRow> {
  const reader = READERS[extname(path).toLowerCase()];
  if (reader === undefined) {
    throw new DataError(`${path}: unknown kind of data file; known endings are ${Object.keys(READERS).join(', ')}.`);
  }
  let rows = 0;
  for await (const row of reader(path)) {
    rows++;
    yield row;
  }
  if (rows === 0) throw new DataError(`${path}: the file holds no rows.`);
}
