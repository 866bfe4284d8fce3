import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SizedRow } from './indexed.ts';
import { RowStore } from './rowStore.ts';

/** Names of a store's files in its folder, and how to read them. */
export interface SavedStore {
  readonly tokens: string;
  readonly sizes: string;
  readonly rows: number;
  readonly parts: number; // the prompt and each completion
}

/** Writes what is not in files yet: the rows themselves, if they are in memory, and their lengths. */
export function saveStore(store: RowStore, folder: string, name: string): SavedStore {
  const tokens = basename(store.moveToFile(join(folder, `tokens-${name}.bin`)));
  const columns = [store.sizes.rowNumbers(), ...store.sizes.lengths()];
  const sizes = `sizes-${name}.bin`;
  writeFileSync(join(folder, sizes), Buffer.concat(columns.map(bytesOf)));
  return { tokens, sizes, rows: store.length, parts: columns.length - 1 };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A saved store; undefined when one of its files is gone. */
export function reopenStore(folder: string, { tokens, sizes, rows, parts }: SavedStore): RowStore | undefined {
  if (!existsSync(join(folder, tokens)) || !existsSync(join(folder, sizes))) return undefined;
  const bytes = readFileSync(join(folder, sizes));
  if (bytes.length !== 4 * rows * (1 + parts)) return undefined;
  const columns = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return RowStore.reopen(join(folder, tokens), sizedRows(columns, rows, parts));
}

function* sizedRows(columns: Int32Array, rows: number, parts: number): Generator<SizedRow> {
  for (let row = 0; row < rows; row++) {
    const [prompt, ...completions] = Array.from({ length: parts }, (_, part) => ({
      length: columns[(1 + part) * rows + row]!,
    }));
    yield { rowNumber: columns[row]!, prompt: prompt!, completions };
  }
}
