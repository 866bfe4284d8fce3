import { cast, lessEqual, mul } from '../operations/elementwise.ts';
import { reshape } from '../operations/layout.ts';
import { concat, sliceAxis } from '../operations/slicing.ts';
import { randomBits } from '../operations/source.ts';
import type { Tensor } from '../tensor.ts';
import { sizeOf } from '../types.ts';

/** Bits that decide on one element: `randomBits` gives two times as many. */
const BITS = 12;
const VALUES = 2 ** BITS;

/**
 * Zeroes elements with probability `rate` and scales the others so that the expectation stays (Srivastava et al. 2014).
 * The probability is rounded to 1/4096, and the scale fits the rounded one: each random word decides on two elements,
 * since drawing words takes more time than all else here.
 *
 * @param seed   scalar i32, fed per step
 * @param stream a number that tells this mask from every other mask of the graph
 */
export function dropout(x: Tensor, rate: number, seed: Tensor, stream: number): Tensor {
  const dropped = Math.min(VALUES - 1, Math.round(rate * VALUES)); // of 4096
  if (dropped === 0) return x;
  const size = sizeOf(x.shape);
  const words = randomBits(seed, [Math.ceil(size / 2)], stream);
  const high = lessEqual(dropped * VALUES, words);
  // The lower bits become the upper ones of a signed number, with all others 0: it wraps around.
  const low = lessEqual(dropped * 2 ** (32 - BITS) - 2 ** 31, mul(words, 2 ** (32 - BITS)));
  const kept = reshape(sliceAxis(concat([high, low], 0), 0, 0, size), x.shape);
  return mul(x, mul(cast(kept, x.dtype), VALUES / (VALUES - dropped)));
}
