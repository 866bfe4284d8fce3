import { mixWord } from '@tether/graph';

/** A 32-bit hash of a text (FNV-1a, then mixed): turns names into random streams. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mixWord(hash);
}

/** Bits of the golden ratio: arbitrary, but nobody chose them. `mixWord` leaves 0 as it is, and seeds are often 0. */
const START = 0x9e3779b9;

/** 32 random bits as a signed integer, a pure function of its arguments. */
export const randomInt32 = (seed: number, stream: number, counter: number): number =>
  mixWord((mixWord((mixWord((seed + START) | 0) ^ stream) | 0) + Math.imul(counter, 0x9e3779b1)) | 0);

/** Uniform in (0, 1), from 2 × 26 bits. */
export function randomUniform(seed: number, stream: number, counter: number): number {
  const high = randomInt32(seed, stream, 2 * counter) >>> 6;
  const low = randomInt32(seed, stream, 2 * counter + 1) >>> 6;
  return (high + (low + 0.5) / 0x4000000) / 0x4000000;
}

/** Standard normal (Box & Muller 1958). */
export function randomNormal(seed: number, stream: number, counter: number): number {
  const radius = Math.sqrt(-2 * Math.log(randomUniform(seed, stream, 2 * counter)));
  return radius * Math.cos(2 * Math.PI * randomUniform(seed, stream, 2 * counter + 1));
}
