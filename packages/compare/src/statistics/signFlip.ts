import { rowsAtOnce, type Draws } from './draws.ts';
import type { Sample } from './sample.ts';

/** Two-sided paired permutation test of "the mean difference is zero". */
export interface SignFlipTest {
  /** What is exchangeable under the null hypothesis, and so what the p-value speaks about. */
  readonly unit: 'seed' | 'prompt';
  readonly units: number;
  readonly method: 'exact' | 'monte-carlo';
  readonly p: number;
  /** No data of this size can give less: 2 / 2^units when exact, 1 / (permutations + 1) otherwise. */
  readonly smallestPossible: number;
}

/** Whether no random sign pattern reached the observed difference: then the p-value is a bound that more patterns might lower. */
export function isAtFloor(test: Omit<SignFlipTest, 'unit'> | null): boolean {
  return test !== null && test.method === 'monte-carlo' && test.p <= test.smallestPossible;
}

/**
 * Flips the sign of whole seeds or of whole prompts (a prompt flips in all its seeds at once). With at most
 * `draws.permutations` sign patterns all are counted; otherwise that many random ones, and the observed one is added to
 * both counts (Phipson & Smyth 2010), so p is never 0. Null when there is nothing to flip.
 */
export function signFlipTest(differences: Sample, unit: SignFlipTest['unit'], draws: Draws): SignFlipTest | null {
  if (differences.seeds.length === 0 || (unit === 'prompt' && differences.level !== 'prompt')) return null;
  const shares = unitShares(differences, unit);
  const units = shares.length;
  const exact = 2 ** units <= draws.permutations;
  const p = exact ? exactP(shares) : monteCarloP(shares, draws);
  const smallestPossible = exact ? Math.min(1, 2 / 2 ** units) : 1 / (draws.permutations + 1);
  return { unit, units, method: exact ? 'exact' : 'monte-carlo', p, smallestPossible };
}

/** How much of the mean each unit carries; the shares add up to the mean. */
export function unitShares(differences: Sample, unit: SignFlipTest['unit']): Float64Array {
  const seeds = differences.seeds.length;
  const shares = new Float64Array(unit === 'seed' ? seeds : differences.prompts.length);
  differences.values.forEach((row, s) => {
    const present = row.filter((value) => !Number.isNaN(value)).length;
    row.forEach((value, p) => {
      const index = unit === 'seed' ? s : p;
      if (!Number.isNaN(value)) shares[index] = (shares[index] ?? 0) + value / (seeds * present);
    });
  });
  return shares;
}

/** Sums of the same numbers with other signs or in another order differ by rounding; such ties count as equal. */
function threshold(shares: Float64Array): number {
  const [total, size] = shares.reduce(([sum, sizes], share) => [sum + share, sizes + Math.abs(share)], [0, 0]);
  return Math.abs(total) - 1e-12 * size;
}

function exactP(shares: Float64Array): number {
  const atLeast = threshold(shares);
  const patterns = 2 ** shares.length;
  let extreme = 0;
  for (let pattern = 0; pattern < patterns; pattern++) {
    let total = 0;
    for (let unit = 0; unit < shares.length; unit++) {
      const share = shares[unit] ?? 0;
      total += (pattern >>> unit) & 1 ? -share : share;
    }
    if (Math.abs(total) >= atLeast) extreme += 1;
  }
  return extreme / patterns;
}

function monteCarloP(shares: Float64Array, draws: Draws): number {
  const atLeast = threshold(shares);
  const words = Math.ceil(shares.length / 32);
  const block = rowsAtOnce(words);
  let extreme = 0;
  for (let first = 0; first < draws.permutations; first += block) {
    const rows = Math.min(block, draws.permutations - first);
    const bits = draws.signBits(shares.length, first, rows);
    for (let row = 0; row < rows; row++) {
      if (Math.abs(flippedSum(shares, bits, row * words)) >= atLeast) extreme += 1;
    }
  }
  return (extreme + 1) / (draws.permutations + 1);
}

/** The sum of the shares, negative where the bit is 1; the bits start at word `start`. */
function flippedSum(shares: Float64Array, bits: Uint32Array, start: number): number {
  let total = 0;
  for (let unit = 0; unit < shares.length; unit++) {
    const share = shares[unit] ?? 0;
    const word = bits[start + (unit >>> 5)] ?? 0;
    total += (word >>> (unit & 31)) & 1 ? -share : share;
  }
  return total;
}
