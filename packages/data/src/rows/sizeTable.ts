import { type GrowingArray, growingInts } from './growing.ts';
import type { Indexed, SizedRow } from './indexed.ts';

/** Lengths of rows in four bytes per part, so that a million pairs take 16 MB. */
export class SizeTable implements Indexed<SizedRow> {
  readonly #rowNumbers = growingInts();
  #parts: readonly GrowingArray<Int32Array>[] = []; // prompt, then each completion

  get length(): number {
    return this.#rowNumbers.length;
  }

  /** @throws RangeError when the row has not as many completions as those before. */
  add({ rowNumber, prompt, completions }: SizedRow): void {
    const parts = [prompt, ...completions];
    if (this.length === 0) this.#parts = parts.map(growingInts);
    if (parts.length !== this.#parts.length) {
      throw new RangeError(`row ${rowNumber} has ${completions.length} completions, others ${this.#parts.length - 1}`);
    }
    this.#rowNumbers.add(rowNumber);
    for (const [part, { length }] of parts.entries()) this.#parts[part]!.add(length);
  }

  at(index: number): SizedRow | undefined {
    if (index < 0 || index >= this.length) return undefined;
    const [prompt, ...completions] = this.#parts.map((part) => ({ length: part.at(index) }));
    return { rowNumber: this.#rowNumbers.at(index), prompt: prompt!, completions };
  }

  rowNumbers(): Int32Array {
    return this.#rowNumbers.values();
  }

  /** Per part (the prompt, then each completion) its length in every row. */
  lengths(): Int32Array[] {
    return this.#parts.map((part) => part.values());
  }
}
