import { cast, lessEqual, mul } from '../operations/elementwise.ts';
import { randomBits } from '../operations/source.ts';
import type { Tensor } from '../tensor.ts';

const WORDS = 2 ** 24; // values of `randomBits`

/**
 * Zeroes elements with probability `rate` and scales the others by 1 / (1 − rate) (Srivastava et al. 2014).
 *
 * @param seed   scalar i32, fed per step
 * @param stream a number that tells this mask from every other mask of the graph
 */
export function dropout(x: Tensor, rate: number, seed: Tensor, stream: number): Tensor {
  if (rate === 0) return x;
  const kept = lessEqual(Math.round(rate * WORDS), randomBits(seed, x.shape, stream));
  return mul(x, mul(cast(kept, x.dtype), 1 / (1 - rate)));
}
