import { checkExample } from '../encode/encodeExample.ts';
import type { PreferenceExample } from '../formats/example.ts';
import { type Finding, isDropped } from '../report/finding.ts';
import { FindingLog, type FindingSummary } from '../report/findingLog.ts';
import type { SourceSummary } from '../report/report.ts';
import { growingInts } from '../rows/growing.ts';
import { HashTable } from '../rows/hashTable.ts';
import type { DataConfig } from './config.ts';
import { ContentHash, exampleHash, promptHash } from './contentHash.ts';
import { numberedRows, type Part, type RowSource } from './sources.ts';
import { Splitter } from './split.ts';

/** What a first look at all rows tells: everything that takes more than one row to know. */
export interface Survey {
  readonly sources: readonly SourceSummary[];
  /** sha256 over the content of all usable rows in order. */
  readonly fingerprint: string;
  /** Rows that do not have the expected form. */
  readonly bad: FindingSummary;
  /** What the row's text, and the texts before it, show. */
  findingsOf(example: PreferenceExample, source: RowSource, hash: string): Finding[];
  partOf(rowNumber: number, source: RowSource): Part;
}

/** The bad row as a finding. */
export const badRow = (reason: string): Finding => ({ kind: 'bad-row', action: 'dropped', reason });

class Surveyor {
  readonly #config: DataConfig;
  readonly #splits: boolean; // without evaluation rows of its own, the training source gives some away
  readonly #seen: Readonly<Record<Part, HashTable>> = { train: new HashTable(), eval: new HashTable() };
  readonly #trained = new HashTable(); // prompts that are trained on
  readonly #candidates = growingInts();
  readonly #splitter: Splitter;
  #held = new Uint8Array(); // by row number
  readonly content = new ContentHash();
  readonly bad = new FindingLog();

  constructor(config: DataConfig, sources: readonly RowSource[]) {
    this.#config = config;
    this.#splits = sources.every(({ part }) => part === 'train') && config.synthetic === undefined;
    this.#splitter = new Splitter(config.split_seed);
  }

  add(example: PreferenceExample, source: RowSource): void {
    const hash = exampleHash(example);
    this.content.add(hash);
    const seen = this.#seen[source.part];
    if (seen.get(hash) === undefined) seen.set(hash, example.rowNumber);
    if (isDropped(this.#textFindings(example, source, hash))) return;
    if (this.#splits) {
      this.#splitter.add(promptHash(example));
      this.#candidates.add(example.rowNumber);
    } else if (source.part === 'train') {
      this.#trained.set(promptHash(example), example.rowNumber);
    }
  }

  split(): void {
    const candidates = this.#candidates.values();
    this.#held = new Uint8Array((candidates.at(-1) ?? 0) + 1);
    const flags = this.#splitter.heldOut(this.#config.eval_fraction);
    for (const [index, rowNumber] of candidates.entries()) this.#held[rowNumber] = flags[index]!;
  }

  partOf(rowNumber: number, source: RowSource): Part {
    return this.#held[rowNumber] === 1 ? 'eval' : source.part;
  }

  findingsOf(example: PreferenceExample, source: RowSource, hash: string): Finding[] {
    const findings = this.#textFindings(example, source, hash);
    // Evaluation files may hold prompts that are trained on: said, not repaired.
    const trained = source.part === 'eval' && !isDropped(findings) ? this.#trained.get(promptHash(example)) : undefined;
    if (trained !== undefined && this.#config.synthetic === undefined) {
      findings.push({ kind: 'eval-overlap', action: 'kept', reason: `its prompt is that of row ${trained}` });
    }
    return findings;
  }

  #textFindings(example: PreferenceExample, source: RowSource, hash: string): Finding[] {
    const findings = checkExample(example, this.#config);
    const earlier = this.#seen[source.part].get(hash)!;
    if (earlier !== example.rowNumber) {
      const action = this.#config.drop_duplicates ? 'dropped' : 'kept';
      findings.push({ kind: 'duplicate', action, reason: `equals row ${earlier}` });
    }
    return findings;
  }
}

/**
 * Reads all rows once, without a tokenizer: bad rows, duplicates, the held-out prompts, the fingerprint. Keeps
 * 50 to 100 bytes a row, never its text.
 * @throws DataError for files that cannot be read.
 */
export async function survey(sources: readonly RowSource[], config: DataConfig): Promise<Survey> {
  const surveyor = new Surveyor(config, sources);
  const rows = numberedRows(sources);
  let next = await rows.next();
  for (; next.done !== true; next = await rows.next()) {
    const { parsed, source, rowNumber } = next.value;
    if (parsed.ok) surveyor.add(parsed.example, source);
    else surveyor.bad.add(rowNumber, [badRow(parsed.problem)]);
  }
  surveyor.split();
  return {
    sources: next.value,
    fingerprint: surveyor.content.digest(),
    bad: surveyor.bad.summary(),
    findingsOf: (example, source, hash) => surveyor.findingsOf(example, source, hash),
    partOf: (rowNumber, source) => surveyor.partOf(rowNumber, source),
  };
}
