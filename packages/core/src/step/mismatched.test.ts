import { div, reduceSum, sub } from '@tether/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineObjective, type HostBatch } from '../contracts/index.ts';
import { pairBatch, PAIRS, type TestPair } from '../testing/batches.ts';
import { testTrainer } from '../testing/trainers.ts';
import { evaluate } from '../training/index.ts';
import { requireMismatched } from '../views/index.ts';
import type { ObjectiveUse } from './definition.ts';
import { mismatchedBatch } from './mismatched.ts';

/** Each pair's prompt with the completions of the pair before it, in a circle. */
const shuffled = (pairs: readonly TestPair[]): TestPair[] =>
  pairs.map((pair, at) => ({ ...pair, completions: pairs.at(at - 1)!.completions }));

/** The same batch of a bucket whose longest prompt + completion has `viewLength` tokens, in a run that allows so many. */
const inBucket = (batch: HostBatch, viewLength: number, mostTokens = viewLength): HostBatch => ({
  ...batch,
  shape: { ...batch.shape, viewLength, mostTokens },
});

/** What a batch holds, read back: tokens, and for each side what predicts what. */
function contents(batch: HostBatch) {
  const { rows, rowLength, sides, completionLength } = batch.shape;
  return Array.from({ length: rows }, (_, row) => {
    const places = Array.from({ length: rowLength }, (_unused, t) => row * rowLength + t);
    const used = places.filter((at) => batch.keyMask[at] === 1);
    return {
      tokens: used.map((at) => [batch.tokens[at], batch.segments[at], batch.positions[at]]),
      sides: Array.from({ length: sides }, (_unused, side) => {
        const start = (row * sides + side) * completionLength;
        const targets = Array.from({ length: completionLength }, (_none, t) => start + t);
        return targets
          .filter((at) => batch.completionMask[at] === 1)
          .map((at) => [batch.predictors[at]! - row * rowLength, batch.labels[at]]);
      }),
    };
  });
}

describe('a batch of mismatched completions', () => {
  it('has each row’s prompt with the completions of the row before it, laid out as any batch', () => {
    expect(contents(mismatchedBatch(pairBatch(PAIRS)))).toEqual(contents(pairBatch(shuffled(PAIRS))));
  });

  it('passes over filler rows', () => {
    const [first, second] = [PAIRS[0]!, PAIRS[1]!];
    const found = contents(mismatchedBatch(pairBatch([first, null, second])));
    const [one, two] = contents(pairBatch(shuffled([first, second])));
    expect([found[0], found[2]]).toEqual([one, two]);
    expect(found[1]!.tokens).toEqual([]);
  });

  it('cuts completions where their row would be longer than the run allows', () => {
    const long = { rowNumber: 1, prompt: [1, 2, 3], completions: [[4], [5]] } as const;
    const short = {
      rowNumber: 2,
      prompt: [6],
      completions: [
        [1, 2, 3],
        [5, 4],
      ],
    } as const;
    const cut = { ...long, completions: [[1], [5]] } as const;
    const fits = { ...short, completions: long.completions };
    expect(contents(mismatchedBatch(inBucket(pairBatch([long, short]), 4)))).toEqual(contents(pairBatch([cut, fits])));
    const uncut = { ...long, completions: short.completions } as const;
    expect(contents(mismatchedBatch(inBucket(pairBatch([long, short]), 4, 9)))).toEqual(
      contents(pairBatch([uncut, fits])),
    );
  });

  it('has no row and no position beyond what the run allows, and room for every row', () => {
    const tokens = (max: number) => fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: max });
    const pair = fc.record({ prompt: tokens(3), chosen: tokens(4), rejected: tokens(4) });
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 4 }), fc.nat(4), (drawn, more) => {
        const pairs = drawn.map(({ prompt, chosen, rejected }, at): TestPair => ({
          rowNumber: at + 1,
          prompt,
          completions: [chosen, rejected],
        }));
        const views = pairs.flatMap(({ prompt, completions }) => completions.map((c) => prompt.length + c.length));
        const longest = Math.max(...views) + more;
        const batch = mismatchedBatch(inBucket(pairBatch(pairs), Math.max(...views), longest));
        expect(Math.max(...batch.positions)).toBeLessThan(longest);
        expect(batch.tokens).toHaveLength(pairs.length * batch.shape.rowLength);
        contents(batch).forEach(({ tokens: put }, row) => {
          const { prompt } = pairs[row]!;
          const partner = pairs.at(row - 1)!.completions.map((c) => Math.min(c.length, longest - prompt.length));
          expect(put).toHaveLength(prompt.length + partner[0]! + partner[1]!);
        });
      }),
    );
  });
});

/** Reports the mean log-ratio of mismatched completions. */
const probe: ObjectiveUse = {
  config: {},
  plugin: defineObjective({
    name: 'probe',
    description: 'log-ratios of mismatched completions',
    config: z.strictObject({}),
    needs: () => ['rejected', 'mismatchedLogps'],
    loss(views) {
      const { policy, reference, lengths } = requireMismatched(views);
      const mean = (x: typeof policy) => views.meanOverRows(div(reduceSum(x, [1]), 2));
      return {
        loss: views.meanOverRows(reduceSum(views.policy.logps.sums, [1])),
        metrics: { policy: mean(policy), ratio: mean(sub(policy, reference)), tokens: mean(lengths) },
      };
    },
  }),
};

describe('log-probabilities of mismatched completions', () => {
  it('are those that both models give to the same rows written out', async () => {
    const { trainer } = await testTrainer({ objective: probe, batches: [[pairBatch(PAIRS)]] });
    const { rows } = await evaluate(trainer, [pairBatch(shuffled(PAIRS))], false);
    const mean = (of: (row: (typeof rows)[number]) => readonly number[]): number =>
      rows.reduce((sum, row) => sum + (of(row)[0]! + of(row)[1]!) / 2, 0) / rows.length;
    const ratio = mean(({ logps }) => logps) - mean(({ referenceLogps }) => referenceLogps);
    for (const readings of [
      (await evaluate(trainer, [pairBatch(PAIRS)], true)).readings,
      (await trainer.step(0)).readings,
    ]) {
      expect(readings['policy']).toBeCloseTo(
        mean(({ logps }) => logps),
        12,
      );
      expect(readings['ratio']).toBeCloseTo(ratio, 12);
      expect(readings['tokens']).toBeCloseTo(
        mean(({ completionTokens }) => completionTokens),
        12,
      );
    }
  });
});
