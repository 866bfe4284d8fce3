import { randomIntegers, randomWords } from './random.ts';

/**
 * The random choices behind every interval and p-value of one comparison. They are drawn once per size and shared by
 * all metrics and arms, so two contrasts differ because of their data and never because of their luck.
 */
export interface Draws {
  readonly resamples: number;
  readonly permutations: number;
  /** Row-major [resamples, count]: indices in [0, count), drawn with replacement. */
  readonly seedIndices: (count: number) => Uint32Array;
  readonly promptIndices: (count: number) => Uint32Array;
  /** Row-major [permutations, ceil(units / 32)]: one random bit per unit. */
  readonly signBits: (units: number) => Uint32Array;
}

const STREAMS = { seeds: 1, prompts: 2, signs: 3 } as const;

export function makeDraws(seed: number, resamples: number, permutations: number): Draws {
  return {
    resamples,
    permutations,
    seedIndices: remember((count) => randomIntegers(seed, STREAMS.seeds, resamples * count, count)),
    promptIndices: remember((count) => randomIntegers(seed, STREAMS.prompts, resamples * count, count)),
    signBits: remember((units) => randomWords(seed, STREAMS.signs, permutations * Math.ceil(units / 32))),
  };
}

function remember(draw: (size: number) => Uint32Array): (size: number) => Uint32Array {
  const drawn = new Map<number, Uint32Array>();
  return (size) => {
    const known = drawn.get(size) ?? draw(size);
    drawn.set(size, known);
    return known;
  };
}
