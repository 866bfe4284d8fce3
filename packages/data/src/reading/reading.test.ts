import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import { readJsonArray } from './jsonArray.ts';
import { readJsonLines } from './jsonLines.ts';
import { readRows } from './readRows.ts';
import type { RawRow } from './row.ts';

async function* chunked(text: string, size: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

async function all(rows: AsyncIterable<RawRow>): Promise<RawRow[]> {
  const read: RawRow[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

async function messageOf(rows: AsyncIterable<RawRow>): Promise<string> {
  const error: unknown = await all(rows).then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (!(error instanceof DataError)) throw new Error(`expected a DataError, got ${String(error)}`);
  return error.message;
}

/** Linux shows here which files this process has open. */
const DESCRIPTORS = '/proc/self/fd';

const isOpen = (path: string): boolean =>
  readdirSync(DESCRIPTORS).some((descriptor) => {
    try {
      return readlinkSync(join(DESCRIPTORS, descriptor)) === path;
    } catch {
      return false; // closed meanwhile, as is the descriptor that lists the folder
    }
  });

/** Text that stresses a splitter: quotes, escapes, brackets and line separators inside strings. */
const trickyText = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '[', ']', '{', '}', ',', '\n', '\u2028', 'é', '😀'),
});
const rowValue = fc.dictionary(fc.constantFrom('prompt', 'chosen', 'x]'), fc.oneof(trickyText, fc.array(trickyText)));

describe('rows of a JSON array', () => {
  it('come out as JSON.parse gives them, however the text is chunked and indented', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowValue),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 2),
        async (rows, size, indent) => {
          const read = await all(readJsonArray('f.json', chunked(JSON.stringify(rows, null, indent), size)));
          expect(read.map(({ value }) => value)).toEqual(rows);
          expect(read.map(({ rowNumber }) => rowNumber)).toEqual(rows.map((_, index) => index + 1));
        },
      ),
    );
  });

  it('know the line they begin at', async () => {
    const text = '[\n\n {"a":\n1}, {"a":2},\n{"a":3}\n]\n';
    const read = await all(readJsonArray('f.json', chunked(text, 3)));
    expect(read.map(({ line }) => line)).toEqual([3, 4, 5]);
  });

  it('are never taken from a file that was cut off', async () => {
    const text = JSON.stringify([{ a: 'x, y' }, { a: ['"]', 2] }]);
    for (let length = 1; length < text.length; length++) {
      expect(await messageOf(readJsonArray('f.json', chunked(text.slice(0, length), 4)))).toContain('cut off');
    }
  });

  it.each([
    ['[{"a":1},,{"a":2}]', 'f.json:1: row 2 is missing (there is a comma too many).'],
    ['[{"a":1},\n]', 'f.json:2: row 2 is missing (there is a comma too many).'],
    ['[{"a":1}]\n[', 'f.json:2: text follows the array of rows, found "[".'],
    ['{"a":1}', 'f.json:1: an array of rows must begin with "[", found "{".'],
    ['[{"a":1},\n{"a":\n1 2}]', "f.json:3: row 2 is not valid JSON: Expected ',' or '}' after property value."],
    ['[{"a":1},\n{"a":\nnope}]', "f.json:2: row 2 is not valid JSON: Unexpected token 'o'."],
    ['[{"a":1},\n{"a": "x}]', 'the file ends inside row 2, which begins at line 2: it looks cut off'],
  ])('%j is refused with its line', async (text, message) => {
    expect(await messageOf(readJsonArray('f.json', chunked(text, 5)))).toContain(message);
  });
});

describe('rows of JSON lines', () => {
  it('come out as JSON.parse gives them, with their line numbers, blank lines skipped', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(rowValue, { nil: undefined })),
        fc.integer({ min: 1, max: 9 }),
        async (lines, size) => {
          const text = lines.map((row) => (row === undefined ? '' : JSON.stringify(row))).join('\r\n');
          const read = await all(readJsonLines('f.jsonl', chunked(text, size)));
          const expected = lines.flatMap((value, index) => (value === undefined ? [] : [{ line: index + 1, value }]));
          expect(read.map(({ line, value }) => ({ line, value }))).toEqual(expected);
        },
      ),
    );
  });

  it('say that the file is cut off when the last line is', async () => {
    const message = await messageOf(readJsonLines('f.jsonl', chunked('{"a":1}\n{"a":"two', 4)));
    expect(message).toContain('f.jsonl:2: row 2 is not valid JSON');
    expect(message).toContain('cut off');
  });

  it('name the line that is not JSON', async () => {
    const message = await messageOf(readJsonLines('f.jsonl', chunked('{"a":1}\n\n{"a":2,}\n{"a":3}\n', 4)));
    expect(message).toContain('f.jsonl:3: row 2 is not valid JSON');
    expect(message).toContain('one whole row');
  });
});

describe('data files', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tether-reading-'))));
  afterAll(async () => rm(folder, { recursive: true }));

  async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  }

  it('are read as an array or as lines by their first character, whatever they are called', async () => {
    const rows = [{ a: 'ü' }, { a: '\u{1F600}' }];
    const array = await fileOf('array.jsonl', `\uFEFF ${JSON.stringify(rows, null, 1)}`);
    const lines = await fileOf('lines.json', rows.map((row) => JSON.stringify(row)).join('\n'));
    for (const path of [array, lines]) expect((await all(readRows(path))).map(({ value }) => value)).toEqual(rows);
  });

  it('may be larger than any chunk', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => ({ text: `${index} `.repeat(50) }));
    const path = await fileOf('large.json', JSON.stringify(rows));
    expect((await all(readRows(path))).map(({ value }) => value)).toEqual(rows);
  });

  it.for(['lines.jsonl', 'array.json'])('are closed when their reader stops early: %s', async (name, context) => {
    if (!existsSync(DESCRIPTORS)) return context.skip(`${DESCRIPTORS} does not tell which files are open here`);
    const rows = Array.from({ length: 3000 }, (_, index) => JSON.stringify({ text: `${index} `.repeat(50) }));
    const path = await fileOf(`stopped-${name}`, name === 'array.json' ? `[${rows.join(',')}]` : rows.join('\n'));
    for await (const { rowNumber } of readRows(path)) {
      if (rowNumber > 1) break; // in the first of many chunks
      expect(isOpen(path)).toBe(true);
    }
    await expect.poll(() => isOpen(path)).toBe(false); // streams close a moment after they are destroyed
  });

  it.each([
    ['empty.jsonl', '', 'the file is empty'],
    ['blank.json', ' \n \n', 'the file is empty'],
    ['none.json', '[ ]', 'the file holds no rows'],
    [
      'rows.csv',
      'a,b',
      'unknown kind of data file; known endings are .json, .jsonl, .ndjson, .parquet, .arrow, and of',
    ],
    ['latin1.json', Uint8Array.of(0x5b, 0x22, 0xe9, 0x22, 0x5d), 'not UTF-8 text'],
  ])('%s is refused in one clear sentence', async (name, content, message) => {
    const path = await fileOf(name, content);
    expect(await messageOf(readRows(path))).toContain(`${path}: ${message}`);
  });

  it('that are missing, or folders, say so', async () => {
    expect(await messageOf(readRows(join(folder, 'absent.json')))).toContain('absent.json: no such file');
    await expect(all(readRows(`${folder}/..json`))).rejects.toThrow(DataError);
  });
});
