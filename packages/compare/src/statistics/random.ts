/**
 * Counter-based random numbers: Philox2x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). The n-th number of a stream is a pure function of (seed, stream, n), so an analysis repeats bit for bit.
 */

const MULTIPLIER = 0xd256d193;
const WEYL = 0x9e3779b9;
const ROUNDS = 10;

/** The two 32-bit outputs of one block: counter (low, high) under a 32-bit key. */
export function philox2x32(low: number, high: number, key: number): [number, number] {
  let [left, right, roundKey] = [low | 0, high | 0, key | 0]; // signed inside, where 32-bit arithmetic is fast
  for (let round = 0; round < ROUNDS; round++) {
    const upper = multiplyHigh(MULTIPLIER, left);
    const lower = Math.imul(MULTIPLIER, left);
    left = upper ^ roundKey ^ right;
    right = lower;
    roundKey = (roundKey + WEYL) | 0;
  }
  return [left >>> 0, right >>> 0];
}

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit numbers, as a signed one. No sum reaches 2^32. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** A stream repeats after this many numbers: two from each of 2^32 blocks. */
const STREAM_LENGTH = 2 ** 33;

/** `count` unsigned 32-bit numbers of one stream, from its `start`-th on. */
export function randomWords(seed: number, stream: number, count: number, start = 0): Uint32Array {
  if (start + count > STREAM_LENGTH)
    throw new RangeError(
      `A stream has 2^33 random numbers, not ${start + count}: use fewer resamples or permutations.`,
    );
  const words = new Uint32Array(count);
  for (let index = -(start % 2); index < count; index += 2) {
    const [even, odd] = philox2x32((start + index) / 2, stream, seed);
    if (index >= 0) words[index] = even;
    if (index + 1 < count) words[index + 1] = odd;
  }
  return words;
}

/** `count` uniform integers in [0, below), from the stream's `start`-th number on. The bias of the scaling is at most below / 2^32. */
export function randomIntegers(seed: number, stream: number, count: number, below: number, start = 0): Uint32Array {
  const numbers = randomWords(seed, stream, count, start);
  numbers.forEach((word, index) => (numbers[index] = Math.floor((word / 0x1_0000_0000) * below)));
  return numbers;
}
