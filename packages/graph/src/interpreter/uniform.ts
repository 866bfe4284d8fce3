import { randomWord } from '../operations/source.ts';

/** `count` numbers in [low, high), a pure function of the seed: inputs for tests and checks. */
export const uniformNumbers = (count: number, seed: number, low = -1, high = 1): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => low + ((high - low) * randomWord(seed | 0, 0, index)) / 2 ** 24);
