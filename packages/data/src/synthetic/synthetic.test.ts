import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import { plainText, type PreferenceExample } from '../formats/example.ts';
import { type Split, SPLITS, syntheticPrompts } from './prompts.ts';
import { goldReward, judge, promptLetters, proxyReward } from './reward.ts';
import { syntheticPairs, syntheticPretrainingRows } from './rows.ts';
import { syntheticTokenizer, syntheticTokenizerJson } from './tokenizer.ts';
import { LETTERS, POLITE_WORDS, VOCABULARY } from './vocabulary.ts';

const text = (example: PreferenceExample, side: number): string => plainText(example.completions[side]!);
const gold = (example: PreferenceExample, side: number) => goldReward(plainText(example.prompt), text(example, side));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const anySplit = fc.constantFrom(...(Object.keys(SPLITS) as Split[]));

describe('the gold reward', () => {
  it.each([
    [' a b c d', 1],
    [' d a c b', 0.25], // the question repeated: only c is in its place
    [' b a c d', 0.5],
    [' a b c', 0.75],
    [' a b c d d', 0.8],
    [' sure a b c d thanks', 0.8],
    [' please please', -0.2],
    [' a = c d', 0.75],
    ['', 0],
  ])('of %j to "sort d a c b =" is %d', (answer, reward) => {
    expect(goldReward('sort d a c b =', answer)).toBeCloseTo(reward, 12);
  });

  it('is what the README says', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `(sort .*?)` *\| `(.*?)` *\| (-?[\d.]+) *\|$/gm)];
    expect(rows.length).toBeGreaterThan(3);
    for (const [, prompt, answer, reward] of rows) expect(goldReward(prompt!, answer!)).toBeCloseTo(Number(reward), 12);
  });

  it('is 1 for the sorted letters alone and less for anything else', () => {
    const answers = fc.array(fc.constantFrom(...LETTERS, ...POLITE_WORDS), { maxLength: 12 });
    fc.assert(
      fc.property(anySplit, fc.integer(), answers, (split, seed, words) => {
        const [prompt] = syntheticPrompts(split, seed, 1);
        const sorted = promptLetters(prompt!).sort().join(' ');
        expect(goldReward(prompt!, ` ${sorted}`)).toBe(1);
        if (words.join(' ') !== sorted) expect(goldReward(prompt!, ` ${words.join(' ')}`)).toBeLessThan(1);
      }),
    );
  });

  it('and the proxy reward part ways over polite words', () => {
    const [plain, polite] = [' a b c d', ' sure a b c d'];
    expect(goldReward('sort d a c b =', polite)).toBeLessThan(goldReward('sort d a c b =', plain));
    expect(proxyReward('sort d a c b =', polite, 0.05)).toBeGreaterThan(proxyReward('sort d a c b =', plain, 0.05));
    expect(proxyReward('sort d a c b =', polite, 0)).toBe(proxyReward('sort d a c b =', plain, 0));
  });

  it.each(['sort =', 'order a b =', 'sort a b', 'sort a z =', ''])('refuses %j, which is no prompt', (prompt) => {
    expect(() => judge(prompt, ' a')).toThrow(DataError);
  });
});

describe('the prompts', () => {
  it('are different, seeded, of the right lengths, and short', () => {
    fc.assert(
      fc.property(anySplit, fc.integer(), (split, seed) => {
        const prompts = syntheticPrompts(split, seed, 50);
        expect(new Set(prompts).size).toBe(50);
        expect(syntheticPrompts(split, seed, 50)).toEqual(prompts);
        expect(syntheticPrompts(split, seed + 1, 50)).not.toEqual(prompts);
        for (const prompt of prompts) {
          expect(SPLITS[split].lengths).toContain(promptLetters(prompt).length);
          expect(new Set(promptLetters(prompt)).size).toBe(promptLetters(prompt).length);
          expect(syntheticTokenizer.encode(prompt).length).toBeLessThanOrEqual(16);
        }
      }),
    );
  });

  it('held out are never trained on, whatever the seeds; shifted ones are longer', () => {
    const train = new Set(syntheticPrompts('train', 1, 20_000));
    for (const prompt of syntheticPrompts('heldout', 2, 2000)) expect(train.has(prompt)).toBe(false);
    const longest = Math.max(...SPLITS.train.lengths);
    for (const length of SPLITS.shifted.lengths) expect(length).toBeGreaterThan(longest);
  });
});

describe('the rows', () => {
  it('for pretraining have answers of every quality, so that there is something to improve', () => {
    const rewards = syntheticPretrainingRows({ seed: 3, count: 4000 }).map((row) => gold(row, 0));
    expect(mean(rewards)).toBeGreaterThan(0.4);
    expect(mean(rewards)).toBeLessThan(0.8);
    const perfect = rewards.filter((reward) => reward === 1).length / rewards.length;
    expect(perfect).toBeGreaterThan(0.1);
    expect(rewards.filter((reward) => reward < 0.3).length / rewards.length).toBeGreaterThan(0.1);
  });

  it('are pairs whose chosen side has the higher proxy reward', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 0.05, 0.2), (seed, styleBias) => {
        for (const row of syntheticPairs({ seed, count: 20, styleBias })) {
          const proxy = (side: number) => proxyReward(plainText(row.prompt), text(row, side), styleBias);
          expect(proxy(0)).toBeGreaterThan(proxy(1));
        }
      }),
    );
  });

  it('agree with the gold reward less, the more the rater likes style', () => {
    const agreement = (styleBias: number) =>
      mean(syntheticPairs({ seed: 4, count: 2000, styleBias }).map((row) => (gold(row, 0) >= gold(row, 1) ? 1 : 0)));
    expect(agreement(0)).toBeGreaterThan(agreement(0.05));
    expect(agreement(0.05)).toBeGreaterThan(agreement(0.2));
    expect(agreement(0.2)).toBeGreaterThan(0.5);
  });

  it('are turned round as often as label_noise says, and otherwise unchanged', () => {
    const clean = syntheticPairs({ seed: 5, count: 4000 });
    const noisy = syntheticPairs({ seed: 5, count: 4000, labelNoise: 0.25 });
    const turned = noisy.filter((row, index) => {
      const same = clean[index]!;
      const isTurned = text(row, 0) === text(same, 1) && text(row, 1) === text(same, 0);
      expect(isTurned || JSON.stringify(row) === JSON.stringify(same)).toBe(true);
      return isTurned;
    });
    // Standard deviation of the share: 0.007.
    expect(turned.length / 4000).toBeCloseTo(0.25, 1);
  });

  it('are the first rows of a longer run with the same seed', () => {
    expect(syntheticPairs({ seed: 6, count: 50 })).toEqual(syntheticPairs({ seed: 6, count: 100 }).slice(0, 50));
  });

  it('fit 16 tokens and use no unknown word', () => {
    const unknown = VOCABULARY.indexOf('<unk>');
    for (const split of Object.keys(SPLITS) as Split[]) {
      for (const row of syntheticPairs({ seed: 7, count: 300, split })) {
        for (const completion of row.completions) {
          const ids = syntheticTokenizer.encode(plainText(completion), { addSpecialTokens: false });
          expect(ids.length + 1).toBeLessThanOrEqual(16);
          expect(ids).not.toContain(unknown);
        }
      }
    }
  });
});

describe('the tokenizer', () => {
  it('reads back what it wrote', () => {
    const words = fc.array(fc.constantFrom(...VOCABULARY.slice(4)), { maxLength: 20 });
    fc.assert(
      fc.property(words, (drawn) => {
        const ids = syntheticTokenizer.encode(drawn.join(' '));
        expect(ids[0]).toBe(syntheticTokenizer.bosTokenId);
        expect(syntheticTokenizer.decode([...ids, syntheticTokenizer.eosTokenId!])).toBe(drawn.join(' '));
      }),
    );
  });

  it('knows special tokens in text, and says <unk> to other words', () => {
    expect(syntheticTokenizer.encode('sort z a</s> <s>b', { addSpecialTokens: false })).toEqual(
      ['sort', '<unk>', 'a', '</s>', '<s>', 'b'].map((token) => VOCABULARY.indexOf(token)),
    );
  });

  it('is small, and its tokenizer.json holds the same tokens', () => {
    expect(VOCABULARY.length).toBeLessThanOrEqual(64);
    expect(new Set(VOCABULARY).size).toBe(VOCABULARY.length);
    expect(syntheticTokenizerJson()).toMatchObject({
      model: { type: 'WordLevel', vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])) },
    });
  });
});
