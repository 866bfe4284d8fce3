import { randomIntegers, randomWords } from './random.ts';

/**
 * The random choices behind every interval and p-value of one comparison. They depend on the number of units alone and
 * are shared by all metrics and arms, so two contrasts differ because of their data and never because of their luck.
 */
export interface Draws {
  readonly resamples: number;
  readonly permutations: number;
  /** Row-major [resamples, count]: indices in [0, count), drawn with replacement. */
  readonly seedIndices: (count: number) => Uint32Array;
  /** The same for prompts, of which there may be many: `rows` resamples from the `first` on, [rows, count]. */
  readonly promptIndices: (count: number, first: number, rows: number) => Uint32Array;
  /** One random bit per unit: `rows` permutations from the `first` on, [rows, ceil(units / 32)]. */
  readonly signBits: (units: number, first: number, rows: number) => Uint32Array;
}

const STREAMS = { seeds: 1, prompts: 2, signs: 3 } as const;

/** Words of a table that are in memory at once: 8 MiB. Small tables fit whole and are drawn once; large ones are drawn again for each use. */
const WORDS_AT_ONCE = 2 ** 21;

/** How many rows of so many words are drawn together. */
export function rowsAtOnce(width: number): number {
  return Math.max(1, Math.floor(WORDS_AT_ONCE / width));
}

export function makeDraws(seed: number, resamples: number, permutations: number): Draws {
  return {
    resamples,
    permutations,
    seedIndices: remember((count) => randomIntegers(seed, STREAMS.seeds, resamples * count, count)),
    promptIndices: rememberWhole(resamples, (count, first, rows) =>
      randomIntegers(seed, STREAMS.prompts, rows * count, count, first * count),
    ),
    signBits: rememberWhole(permutations, (units, first, rows) => {
      const words = Math.ceil(units / 32);
      return randomWords(seed, STREAMS.signs, rows * words, first * words);
    }),
  };
}

type DrawRows = (size: number, first: number, rows: number) => Uint32Array;

/** Remembers what was drawn in one piece. */
function rememberWhole(total: number, draw: DrawRows): DrawRows {
  const whole = remember((size) => draw(size, 0, total));
  return (size, first, rows) => (rows === total ? whole(size) : draw(size, first, rows));
}

function remember(draw: (size: number) => Uint32Array): (size: number) => Uint32Array {
  const drawn = new Map<number, Uint32Array>();
  return (size) => {
    const known = drawn.get(size) ?? draw(size);
    drawn.set(size, known);
    return known;
  };
}
