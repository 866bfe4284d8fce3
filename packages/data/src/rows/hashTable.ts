const WORDS = 5; // 128 bits of the hash, then the row number
const FIRST_SLOTS = 1024;
const FULLEST = 0.7;

/**
 * From hashes to row numbers in 20 bytes a slot (30 to 60 a row, growth included), where a Map of strings takes 150.
 * Keys are the first 128 bits of a hash: among 10⁸ rows two different ones agree with a chance of 10⁻²³.
 */
export class HashTable {
  #words = new Uint32Array(FIRST_SLOTS * WORDS);
  #slots = FIRST_SLOTS;
  #used = 0;

  /** The row number kept for the hash, if any. */
  get(hash: string): number | undefined {
    const at = this.#find(keyOf(hash));
    return this.#words[at + WORDS - 1] || undefined; // row numbers begin at 1
  }

  /** Keeps a row number for the hash, in place of an earlier one. */
  set(hash: string, rowNumber: number): void {
    if (this.#used + 1 > FULLEST * this.#slots) this.#grow();
    const key = keyOf(hash);
    const at = this.#find(key);
    if (this.#words[at + WORDS - 1] === 0) this.#used++;
    this.#words.set(key, at);
    this.#words[at + WORDS - 1] = rowNumber;
  }

  /** Where the key stands, or the free slot where it belongs. */
  #find(key: ArrayLike<number>): number {
    for (let slot = key[0]! % this.#slots; ; slot = (slot + 1) % this.#slots) {
      const at = slot * WORDS;
      if (this.#words[at + WORDS - 1] === 0) return at;
      let same = 0;
      while (same < WORDS - 1 && this.#words[at + same] === key[same]) same++;
      if (same === WORDS - 1) return at;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + WORDS - 1] !== 0) this.#words.set(old.subarray(at, at + WORDS), this.#find(old.subarray(at)));
    }
  }
}

/** The first 128 bits of a hexadecimal hash. */
function keyOf(hash: string): number[] {
  return [0, 8, 16, 24].map((start) => Number.parseInt(hash.slice(start, start + 8), 16));
}
