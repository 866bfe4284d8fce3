import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FindingSummary } from '../report/findingLog.ts';
import type { RowStore } from '../rows/rowStore.ts';
import { reopenStore, saveStore, type SavedStore } from '../rows/savedStore.ts';
import type { Account } from './account.ts';
import type { Part } from './sources.ts';

export type Stores = Readonly<Record<Part, RowStore>>;

interface Cached extends Account {
  readonly stores: Stores;
  readonly tokenFingerprint: string;
}

/** What stands in the index file, which is written last: without it, there is nothing in the cache. */
interface CacheIndex extends Account {
  readonly tokenFingerprint: string;
  readonly stores: Readonly<Record<Part, SavedStore>>;
}

/** Everything that tokens depend on. Without the tokenizer's fingerprint, nothing is kept. */
export interface CacheKey {
  readonly tokenizer: string | undefined;
  readonly [part: string]: unknown;
}

const PARTS = ['train', 'eval'] as const;

/** Tokens of large data in a folder, to be found again by what they depend on. Small data is not kept. */
export class DataCache {
  readonly #given: string | (() => string);
  readonly #key: string;
  readonly #isKept: boolean;
  #made: string | undefined;

  /** @param folder where files go, or what makes a folder once one is needed */
  constructor(folder: string | (() => string), key: CacheKey) {
    this.#given = folder;
    this.#key = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);
    this.#isKept = key.tokenizer !== undefined;
  }

  /** A path for tokens being written. The process is in its name: another may be writing the same. */
  newFile(part: Part): string {
    mkdirSync(this.#folder(), { recursive: true });
    this.#removeAbandoned();
    const path = join(this.#folder(), `tokens-${this.#key}-${process.pid}-${part}.bin`);
    if (!this.#isKept) process.once('exit', () => rmSync(path, { force: true }));
    return path;
  }

  findingsFile(): string {
    return join(this.#folder(), `findings-${this.#key}.jsonl`);
  }

  /** What an earlier load of the same data left, if it is complete. */
  load(): Cached | undefined {
    if (!this.#isKept || !existsSync(this.#indexFile())) return undefined;
    const index = JSON.parse(readFileSync(this.#indexFile(), 'utf8')) as CacheIndex; // written below
    const [train, held] = PARTS.map((part) => reopenStore(this.#folder(), index.stores[part]));
    if (train === undefined || held === undefined) return undefined;
    return { ...index, findings: this.#withPath(index.findings), stores: { train, eval: held } };
  }

  /** The folder may have been moved since. */
  #withPath(findings: FindingSummary): FindingSummary {
    const { findingsFile } = findings;
    const isOwn = findingsFile !== undefined && basename(findingsFile) === basename(this.findingsFile());
    return isOwn ? { ...findings, findingsFile: this.findingsFile() } : findings;
  }

  /** Keeps what is in files already for a later load; returns what it is given. */
  save(cached: Cached): Cached {
    const { stores, findings, rowsBeyondLimit, tokenFingerprint } = cached;
    if (!this.#isKept || PARTS.every((part) => !stores[part].isOnDisk)) return cached;
    const saved = (part: Part) => saveStore(stores[part], this.#folder(), `${this.#key}-${process.pid}-${part}`);
    const index: CacheIndex = {
      findings,
      rowsBeyondLimit,
      tokenFingerprint,
      stores: { train: saved('train'), eval: saved('eval') },
    };
    const waiting = `${this.#indexFile()}.${process.pid}`;
    writeFileSync(waiting, JSON.stringify(index));
    renameSync(waiting, this.#indexFile());
    return cached;
  }

  #indexFile(): string {
    return join(this.#folder(), `data-${this.#key}.json`);
  }

  #folder(): string {
    this.#made ??= typeof this.#given === 'string' ? this.#given : this.#given();
    return this.#made;
  }

  /** Tokens of a process that was killed before it wrote its index. */
  #removeAbandoned(): void {
    if (existsSync(this.#indexFile())) return;
    for (const name of readdirSync(this.#folder())) {
      const process = new RegExp(`^tokens-${this.#key}-(\\d+)-`).exec(name)?.[1];
      if (process !== undefined && !isRunning(Number(process))) rmSync(join(this.#folder(), name), { force: true });
    }
  }
}

function isRunning(process_: number): boolean {
  try {
    return process.kill(process_, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
