import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText, type PreferenceExample } from '../formats/example.ts';
import { ContentHash, exampleHash, promptHash } from './contentHash.ts';
import { Splitter } from './split.ts';

function splitByPrompt(examples: readonly PreferenceExample[], fraction: number, seed: number) {
  const splitter = new Splitter(seed);
  for (const example of examples) splitter.add(promptHash(example));
  const held = splitter.heldOut(fraction);
  return {
    train: examples.filter((_, index) => held[index] === 0),
    eval: examples.filter((_, index) => held[index] === 1),
  };
}

describe('the held-out rows', () => {
  const anyExamples = fc.array(fc.tuple(fc.nat(9), fc.nat(3)), { minLength: 1, maxLength: 60 }).map((drawn) =>
    drawn.map(([prompt, answer], index): PreferenceExample => ({
      rowNumber: index + 1,
      prompt: `p${prompt}`,
      completions: [`a${answer}`, 'b'],
    })),
  );

  it('share no prompt with the others, keep their order, and are at most the fraction', () => {
    fc.assert(
      fc.property(
        anyExamples,
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.integer(),
        (examples, fraction, seed) => {
          const { train, eval: held } = splitByPrompt(examples, fraction, seed);
          const prompts = new Set(train.map(promptHash));
          for (const example of held) expect(prompts.has(promptHash(example))).toBe(false);
          const numbers = [...train, ...held].map(({ rowNumber }) => rowNumber).sort((a, b) => a - b);
          expect(numbers).toEqual(examples.map(({ rowNumber }) => rowNumber));
          expect(held.length).toBeLessThanOrEqual(Math.round(fraction * examples.length));
        },
      ),
    );
  });

  it('depend on the seed and on content, not on the order of rows', () => {
    const examples = Array.from({ length: 100 }, (_, index) => ({
      rowNumber: index + 1,
      prompt: `ask n${index}:`,
      completions: [` yes n${index}`, ` no n${index}`],
    }));
    const heldPrompts = (rows: PreferenceExample[], seed: number) =>
      splitByPrompt(rows, 0.2, seed)
        .eval.map(({ prompt }) => plainText(prompt))
        .sort();
    expect(heldPrompts(examples, 0)).toHaveLength(20);
    expect(heldPrompts(examples.toReversed(), 0)).toEqual(heldPrompts(examples, 0));
    expect(heldPrompts(examples, 1)).not.toEqual(heldPrompts(examples, 0));
  });

  it('of texts without prompts are single rows', () => {
    const texts = Array.from({ length: 10 }, (_, index) => ({
      rowNumber: index + 1,
      prompt: '',
      completions: [`t${index}`],
    }));
    expect(splitByPrompt(texts, 0.3, 0).eval).toHaveLength(3);
  });
});

it('a fingerprint sees order and every word', () => {
  const example = (rowNumber: number, prompt: string) => ({ rowNumber, prompt, completions: ['a', 'b'] });
  const fingerprintOf = (examples: readonly PreferenceExample[]): string => {
    const content = new ContentHash();
    for (const one of examples) content.add(exampleHash(one));
    return content.digest();
  };
  const prints = [
    [example(1, 'x'), example(2, 'y')],
    [example(1, 'y'), example(2, 'x')],
    [example(1, 'x')],
    [example(1, 'x'), example(2, 'y ')],
  ].map(fingerprintOf);
  expect(new Set(prints).size).toBe(4);
  expect(fingerprintOf([example(7, 'x'), example(9, 'y')])).toBe(prints[0]);
});
