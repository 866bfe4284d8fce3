import { growingNumbers } from '../rows/growing.ts';
import { seededOrder } from './contentHash.ts';

/** 52 bits of a hash: a number that a double holds exactly, and that stands for the hash. */
const asNumber = (hash: string): number => Number.parseInt(hash.slice(0, 13), 16);

/**
 * Holds out about a fraction of the rows. Rows with the same prompt go the same way, so no prompt is in both parts;
 * which prompts are held out depends on their content and the seed, not on their place in the file.
 * 8 bytes are kept per row, so that it serves files of any size.
 */
export class Splitter {
  readonly #seed: number;
  readonly #places = growingNumbers(); // of each row: its prompt's place in the seeded order

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Adds the next row, by the hash of its prompt. */
  add(promptHash: string): void {
    this.#places.add(asNumber(seededOrder(this.#seed, promptHash)));
  }

  /** Per row, in the order they were added: 1 if it is held out. */
  heldOut(fraction: number): Uint8Array {
    const places = this.#places.values();
    const wanted = Math.round(fraction * places.length);
    const ascending = places.slice().sort();
    const held = new Set<number>();
    let rows = 0;
    for (let from = 0, to = 0; from < ascending.length; from = to) {
      while (ascending[to] === ascending[from]) to++;
      if (rows + to - from > wanted) continue; // too big for what is left; a smaller group may still fit
      held.add(ascending[from]!);
      rows += to - from;
    }
    return Uint8Array.from(places, (place) => (held.has(place) ? 1 : 0));
  }
}
