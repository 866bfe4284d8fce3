import { hashText as signedHash, mixWord } from '@tether/core';

/**
 * Counter-based random numbers: every draw is a pure function of (seed, stream…, counter), so a run that resumes at
 * step k needs no saved generator state, and two machines draw the same numbers.
 *
 * The mixing step is the "lowbias32" integer hash (C. Wellons, hash-prospector: multiply-xorshift constants found by
 * search for low avalanche bias). Not for cryptography.
 */

/** Two 32-bit words: with one word, two streams could be the same sequence in another order. */
export interface RandomKey {
  readonly first: number;
  readonly second: number;
}

const TWO_POW_32 = 2 ** 32;
// Leading bits of π and of the golden ratio: arbitrary, but nobody chose them.
const FIRST_START = 0x243f6a88;
const SECOND_START = 0x85a308d3;
const GOLDEN = 0x9e3779b9;

/** Bijective hash of a 32-bit word; the result is unsigned. */
export const mix32 = (word: number): number => mixWord(word | 0) >>> 0;

function absorb(state: number, word: number): number {
  return mix32(state ^ mix32(word + GOLDEN));
}

/**
 * Key of the stream named by `seed` and any numbers after it (epoch, bucket, purpose…).
 * @throws RangeError when a part is not an integer that a double holds exactly.
 */
export function randomKey(seed: number, ...stream: readonly number[]): RandomKey {
  let first = FIRST_START;
  let second = SECOND_START;
  for (const part of [seed, ...stream]) {
    if (!Number.isSafeInteger(part)) throw new RangeError(`a random seed must be a safe integer, got ${part}`);
    const high = Math.floor(part / TWO_POW_32); // both halves count, so seeds above 2^32 differ too
    first = absorb(absorb(first, part), high);
    second = absorb(absorb(second, part), high);
  }
  return { first, second };
}

/** 32 random bits as an unsigned integer: draw number `counter` of the stream. */
export function randomBits(key: RandomKey, counter: number): number {
  return mix32(mix32(counter ^ key.first) + key.second);
}

/** Uniform in [0, 1), in steps of 2⁻³². */
export function randomUniform(key: RandomKey, counter: number): number {
  return randomBits(key, counter) / TWO_POW_32;
}

/** Uniform in 0 … bound − 1; the bias is at most bound / 2³². */
export function randomInteger(key: RandomKey, counter: number, bound: number): number {
  return Math.floor(randomUniform(key, counter) * bound);
}

/** A random order of 0 … length − 1 (Fisher–Yates; draw i decides place i). */
export function randomPermutation(key: RandomKey, length: number): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = randomInteger(key, last, last + 1);
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/** The draws of one stream in turn, for code that takes a varying number of them. */
export interface RandomStream {
  uniform(): number;
  integer(bound: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** A stream that starts at counter 0. The only mutable state is how many draws were taken. */
export function randomStream(key: RandomKey): RandomStream {
  let counter = 0;
  const integer = (bound: number): number => randomInteger(key, counter++, bound);
  return {
    uniform: () => randomUniform(key, counter++),
    integer,
    pick<Item>(items: readonly Item[]): Item {
      if (items.length === 0) throw new RangeError('cannot pick from an empty list');
      return items[integer(items.length)]!;
    },
  };
}

/** 32-bit hash of a text, unsigned. For splits and stream names, not for security. */
export const hashText = (text: string): number => signedHash(text) >>> 0;
