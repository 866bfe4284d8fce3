/**
 * Counter-based random numbers: Philox2x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). The n-th number of a stream is a pure function of (seed, stream, n), so an analysis repeats bit for bit.
 */

const MULTIPLIER = 0xd256d193;
const WEYL = 0x9e3779b9;
const ROUNDS = 10;

/** The two 32-bit outputs of one block: counter (low, high) under a 32-bit key. */
export function philox2x32(low: number, high: number, key: number): [number, number] {
  let [left, right, roundKey] = [low >>> 0, high >>> 0, key >>> 0];
  for (let round = 0; round < ROUNDS; round++) {
    const upper = multiplyHigh(MULTIPLIER, left);
    const lower = Math.imul(MULTIPLIER, left) >>> 0;
    left = (upper ^ roundKey ^ right) >>> 0;
    right = lower;
    roundKey = (roundKey + WEYL) >>> 0;
  }
  return [left, right];
}

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
}

/** `count` unsigned 32-bit numbers of one stream. */
export function randomWords(seed: number, stream: number, count: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index += 2) {
    const [first, second] = philox2x32(index >>> 1, stream, seed);
    words[index] = first;
    if (index + 1 < count) words[index + 1] = second;
  }
  return words;
}

/** `count` uniform integers in [0, below). The bias of the scaling is at most below / 2^32. */
export function randomIntegers(seed: number, stream: number, count: number, below: number): Uint32Array {
  return randomWords(seed, stream, count).map((word) => Math.floor((word / 0x1_0000_0000) * below));
}
