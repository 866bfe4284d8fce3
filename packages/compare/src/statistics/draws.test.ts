import { describe, expect, it } from 'vitest';
import { normals } from '../testdata/simulateComparison.ts';
import { bootstrapInterval } from './bootstrap.ts';
import { makeDraws, rowsAtOnce, type Draws } from './draws.ts';
import { randomIntegers, randomWords } from './random.ts';
import { makeSample, type Sample } from './sample.ts';
import { signFlipTest } from './signFlip.ts';

function oneSeed(values: readonly number[]): Sample {
  return makeSample([{ seed: 0, prompts: values.map((_, p) => `p${p}`), values }]);
}

/** Draws that note how many words were asked for at once. */
function watched(draws: Draws): { draws: Draws; largest: () => number } {
  let largest = 0;
  const note = (words: Uint32Array): Uint32Array => {
    largest = Math.max(largest, words.length);
    return words;
  };
  const noting: Draws = {
    ...draws,
    promptIndices: (...asked) => note(draws.promptIndices(...asked)),
    signBits: (...asked) => note(draws.signBits(...asked)),
  };
  return { draws: noting, largest: () => largest };
}

describe('draws', () => {
  it('are the rows of one table, however many are drawn at once', () => {
    const draws = makeDraws(5, 6, 4);
    const [indices, bits] = [randomIntegers(5, 2, 6 * 7, 7), randomWords(5, 3, 4 * 3)];
    expect(draws.promptIndices(7, 0, 6)).toEqual(indices);
    expect(draws.promptIndices(7, 3, 2)).toEqual(indices.slice(21, 35));
    expect(draws.signBits(70, 0, 4)).toEqual(bits);
    expect(draws.signBits(70, 1, 2)).toEqual(bits.slice(3, 9));
  });

  it('are in memory whole only while they are few: 30 000 prompts × 100 resamples are drawn in parts', () => {
    const sample = oneSeed(normals(1, 30_000));
    const { draws, largest } = watched(makeDraws(5, 100, 2400));
    const interval = bootstrapInterval(sample, 0.95, draws);
    const test = signFlipTest(sample, 'prompt', draws);
    expect(largest()).toBeLessThanOrEqual(rowsAtOnce(1));

    const indices = randomIntegers(5, 2, 100 * 30_000, 30_000);
    const words = Math.ceil(30_000 / 32);
    const bits = randomWords(5, 3, 2400 * words);
    const whole: Draws = {
      ...draws,
      promptIndices: (count, first, rows) => indices.subarray(first * count, (first + rows) * count),
      signBits: (_, first, rows) => bits.subarray(first * words, (first + rows) * words),
    };
    expect(bootstrapInterval(sample, 0.95, whole)).toEqual(interval);
    expect(signFlipTest(sample, 'prompt', whole)).toEqual(test);
  });
});
