import type { EncodedRow } from '@tether/core';
import { growingNumbers } from './growing.ts';
import type { EncodedRows, SizedRow } from './indexed.ts';
import { SizeTable } from './sizeTable.ts';
import { TOKEN_BYTES, TokenFile } from './tokenFile.ts';

export interface StoreOptions {
  /** Tokens up to this many bytes stay in memory; beyond, all rows go to a file. */
  readonly memoryBytes: number;
  /** Where that file is made; called at most once. */
  readonly file: () => string;
}

/**
 * Tokenized rows: in memory, or, once they are more than that may take, in a file from which each row is read when it
 * is asked for. Beside the file, 24 bytes a pair are kept.
 *
 * Reads are synchronous: a step's rows are a few kilobytes each, microseconds from the system's file cache, where a
 * step takes tens of milliseconds or more.
 */
export class RowStore implements EncodedRows {
  readonly sizes: SizeTable;
  readonly #options: StoreOptions;
  readonly #starts = growingNumbers();
  #inMemory: EncodedRow[] | undefined = [];
  #file: TokenFile | undefined;
  #tokens = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.sizes = new SizeTable();
  }

  /** The store of a file that an earlier one wrote. */
  static reopen(path: string, rows: Iterable<SizedRow>): RowStore {
    const store = new RowStore({ memoryBytes: 0, file: () => path });
    store.#inMemory = undefined;
    store.#file = TokenFile.open(path);
    for (const row of rows) store.#count(row);
    return store;
  }

  get length(): number {
    return this.sizes.length;
  }

  /** True once the rows are in a file. */
  get isOnDisk(): boolean {
    return this.#file !== undefined;
  }

  add(row: EncodedRow): void {
    this.#count(row);
    if (this.#inMemory === undefined) {
      this.#file!.add(row);
      return;
    }
    this.#inMemory.push(row);
    if (this.#tokens * TOKEN_BYTES > this.#options.memoryBytes) this.#spill(this.#inMemory, this.#options.file());
  }

  at(index: number): EncodedRow | undefined {
    if (this.#inMemory !== undefined) return this.#inMemory[index];
    const size = this.sizes.at(index);
    if (size === undefined) return undefined;
    const parts = [size.prompt, ...size.completions];
    const tokens = this.#file!.read(
      this.#starts.at(index),
      parts.reduce((sum, { length }) => sum + length, 0),
    );
    let start = 0;
    const [prompt, ...completions] = parts.map(({ length }) => tokens.subarray(start, (start += length)));
    return { rowNumber: size.rowNumber, prompt: prompt!, completions };
  }

  /** Puts the rows into a file for good, if they are in none yet. Returns its path. */
  moveToFile(path: string): string {
    if (this.#inMemory !== undefined) this.#spill(this.#inMemory, path);
    this.#file!.flush();
    return this.#file!.path;
  }

  /** Closes the file, if there is one. Its rows cannot be read afterwards. */
  close(): void {
    this.#file?.close();
  }

  #count(row: SizedRow): void {
    this.sizes.add(row);
    this.#starts.add(this.#tokens);
    this.#tokens += row.completions.reduce((sum, { length }) => sum + length, row.prompt.length);
  }

  #spill(rows: readonly EncodedRow[], path: string): void {
    this.#file = TokenFile.create(path);
    for (const row of rows) this.#file.add(row);
    this.#inMemory = undefined;
  }
}
