import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncodedRow } from '@tether/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HashTable } from './hashTable.ts';
import { each, joined } from './indexed.ts';
import { RowStore } from './rowStore.ts';
import { reopenStore, saveStore } from './savedStore.ts';
import { SizeTable } from './sizeTable.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tether-rows-'))));
afterAll(async () => rm(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, 'made', `${files++}.bin`);

const anyTokens = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 20 });
const anyRows = fc.array(fc.tuple(anyTokens, anyTokens, anyTokens), { maxLength: 40 }).map((drawn) =>
  drawn.map(([prompt, ...completions], index): EncodedRow => ({
    rowNumber: 3 * index + 1,
    prompt: Int32Array.from(prompt),
    completions: completions.map((tokens) => Int32Array.from(tokens)),
  })),
);

function storeOf(rows: readonly EncodedRow[], memoryBytes: number): RowStore {
  const store = new RowStore({ memoryBytes, file: newFile });
  for (const row of rows) store.add(row);
  return store;
}

describe('a store of rows', () => {
  it('gives back what was put in, in any order, whether from memory or from its file', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(2000), (rows, memoryBytes) => {
        const store = storeOf(rows, memoryBytes);
        const tokens = rows.flatMap(({ prompt, completions }) => [prompt, ...completions].map(({ length }) => length));
        expect(store.isOnDisk).toBe(4 * tokens.reduce((sum, length) => sum + length, 0) > memoryBytes);
        expect(store.length).toBe(rows.length);
        for (const [index, row] of [...rows.entries()].reverse()) expect(store.at(index)).toEqual(row);
        expect([...each(store.sizes)].map(({ rowNumber }) => rowNumber)).toEqual(
          rows.map(({ rowNumber }) => rowNumber),
        );
        for (const [index, { prompt, completions }] of rows.entries()) {
          const size = store.sizes.at(index)!;
          expect(size.prompt.length).toBe(prompt.length);
          expect(size.completions.map(({ length }) => length)).toEqual(completions.map(({ length }) => length));
        }
        expect(store.at(rows.length)).toBeUndefined();
        store.close();
      }),
    );
  });

  it('takes rows longer than a block of its file', () => {
    const long = Int32Array.from({ length: 600_000 }, (_, index) => index);
    const rows: EncodedRow[] = [1, 2].map((rowNumber) => ({
      rowNumber,
      prompt: long,
      completions: [long.slice(0, 7)],
    }));
    const store = storeOf(rows, 0);
    expect(store.at(1)!.prompt).toEqual(long);
    expect(store.at(1)!.completions[0]).toEqual(long.slice(0, 7));
    store.close();
  });

  it('comes back from its files', () => {
    fc.assert(
      fc.property(anyRows, fc.constantFrom(0, 1e9), (rows, memoryBytes) => {
        const saved = saveStore(storeOf(rows, memoryBytes), join(folder, 'made'), `again-${files++}`);
        const store = reopenStore(join(folder, 'made'), saved)!;
        expect([...each(store)]).toEqual(rows);
        store.close();
      }),
      { numRuns: 20 },
    );
  });

  it('is not taken from files that are gone, and says when one was cut off', async () => {
    const rows: EncodedRow[] = [{ rowNumber: 1, prompt: Int32Array.of(1, 2), completions: [Int32Array.of(3)] }];
    const made = join(folder, 'made');
    const saved = saveStore(storeOf(rows, 0), made, 'cut');
    expect(reopenStore(made, { ...saved, sizes: 'absent' })).toBeUndefined();
    expect(reopenStore(made, { ...saved, rows: 2 })).toBeUndefined();
    await truncate(join(made, saved.tokens), 8);
    expect(() => reopenStore(made, saved)!.at(0)).toThrow(/was cut off/);
    expect(existsSync(join(made, saved.tokens))).toBe(true);
  });

  it('holds one kind of rows', () => {
    const table = new SizeTable();
    table.add({ rowNumber: 1, prompt: [1], completions: [[1], [2]] });
    expect(() => table.add({ rowNumber: 2, prompt: [1], completions: [[1]] })).toThrow(/row 2 has 1 completions/);
  });
});

it('two lists are joined', () => {
  expect([...each(joined([1, 2], [3]))]).toEqual([1, 2, 3]);
  expect([...each(joined([], [3]))]).toEqual([3]);
});

it('a table of hashes is a map, whatever is put in', () => {
  const hashOf = (key: number) => createHash('sha256').update(`${key}`).digest('hex');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 2 ** 31 }))), (entries) => {
      const table = new HashTable();
      const map = new Map<number, number>();
      for (let key = 4000; key < 6000; key++) table.set(hashOf(key), key); // grows twice
      for (const [key, row] of entries) {
        table.set(hashOf(key), row);
        map.set(key, row);
      }
      for (let key = 0; key < 20; key++) expect(table.get(hashOf(key))).toBe(map.get(key));
      for (const [key, row] of map) expect(table.get(hashOf(key))).toBe(row);
      for (let key = 4000; key < 6000; key += 97) expect(table.get(hashOf(key))).toBe(key);
    }),
    { numRuns: 10 },
  );
});
