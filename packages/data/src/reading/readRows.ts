import { extname } from 'node:path';
import { DataError } from '../errors.ts';
import { readArrow } from './arrow.ts';
import { readJsonArray } from './jsonArray.ts';
import { readJsonLines } from './jsonLines.ts';
import { readParquet } from './parquet.ts';
import type { RawRow, RowReader } from './row.ts';
import { COMPRESSIONS, readText } from './text.ts';

/** Looks at the first character only: files named .json hold one array or one row per line, and so do .jsonl files. */
async function* readJson(path: string): AsyncGenerator<RawRow> {
  const chunks = readText(path);
  let head = '';
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    head += next.value;
    if (head.trim() !== '') break;
  }
  if (head.trim() === '') throw new DataError(`${path}: the file is empty.`);
  const reader: RowReader = head.trimStart().startsWith('[') ? readJsonArray : readJsonLines;
  yield* reader(path, withHead(head, chunks));
}

/** Ends `rest`, which holds an open file, also where its reader stops at the head. */
async function* withHead(head: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  try {
    yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** One kind of file: its name for people, and how its rows are read. */
export interface FileKind {
  readonly name: string;
  read(path: string): AsyncGenerator<RawRow>;
}

const JSON_TEXT: FileKind = { name: 'JSON', read: readJson };

/** Every kind of file by its ending. A new kind is one line here and one reader. */
const KINDS: Readonly<Record<string, FileKind>> = {
  '.json': JSON_TEXT,
  '.jsonl': JSON_TEXT,
  '.ndjson': JSON_TEXT,
  '.parquet': { name: 'Parquet', read: readParquet },
  '.arrow': { name: 'Arrow', read: readArrow },
};

/** The kind of a file by its name; text may be compressed. */
export function fileKind(path: string): FileKind | undefined {
  const ending = extname(path).toLowerCase();
  const compression = COMPRESSIONS[ending];
  if (compression === undefined) return KINDS[ending];
  const inner = KINDS[extname(path.slice(0, -ending.length)).toLowerCase()];
  return inner === JSON_TEXT ? { ...inner, name: `${inner.name}, ${compression.name}` } : undefined;
}

/**
 * The kind of a file by its name.
 * @throws DataError for a kind that is not known.
 */
export function requireKind(path: string): FileKind {
  const kind = fileKind(path);
  if (kind !== undefined) return kind;
  const text = Object.keys(KINDS).filter((ending) => KINDS[ending] === JSON_TEXT);
  throw new DataError(
    `${path}: unknown kind of data file; known endings are ${Object.keys(KINDS).join(', ')}, ` +
      `and of ${text.join(', ')} also ${Object.keys(COMPRESSIONS).join(' and ')}.`,
  );
}

/**
 * The rows of a data file in order, read as they are needed.
 * @throws DataError for an unknown kind of file, an unreadable or empty file, or one that is not what its name says.
 */
export async function* readRows(path: string): AsyncGenerator<RawRow> {
  let rows = 0;
  for await (const row of requireKind(path).read(path)) {
    rows++;
    yield row;
  }
  if (rows === 0) throw new DataError(`${path}: the file holds no rows.`);
}
