import { sub } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineObjective } from '../contracts/index.ts';
import { pairBatch, PAIRS, type TestPair } from '../testing/batches.ts';
import { testTrainer } from '../testing/trainers.ts';
import { evaluate } from '../training/index.ts';
import { pairOf, requireReference, unpairedRewardMetrics } from '../views/index.ts';
import { countBatches } from './batchInputs.ts';
import type { ObjectiveUse } from './definition.ts';

const only = (side: 0 | 1, { completions: [chosen, rejected], ...pair }: TestPair): TestPair => ({
  ...pair,
  completions: side === 0 ? [chosen, []] : [[], rejected],
});
const [first, second, third, fourth] = PAIRS as readonly [TestPair, TestPair, TestPair, TestPair];

/** Log-ratios as rewards, and their mean over completions as the loss. */
const probe: ObjectiveUse = {
  config: {},
  plugin: defineObjective({
    name: 'probe',
    description: 'mean log-ratio over completions',
    config: z.strictObject({}),
    needs: () => ['rejected', 'referenceLogps'],
    takesUnpaired: true,
    loss(views) {
      const ratios = sub(views.policy.logps.sums, requireReference(views).logps.sums);
      const { chosen, rejected } = pairOf(views, ratios);
      return {
        loss: views.meanOverCompletions(ratios),
        metrics: { present: views.meanOverRows(pairOf(views, views.present).chosen) },
        partialMetrics: unpairedRewardMetrics(views, { chosen, rejected }),
      };
    },
  }),
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('rows that lack a side', () => {
  it('are counted by the sides that they have', () => {
    const batches = [pairBatch([only(0, first), only(1, second)]), pairBatch([third, null])];
    expect(countBatches(batches)).toEqual({ rows: 3, sideTokens: [3 + 2, 4 + 3], sideRows: [2, 2], pairs: 1 });
  });

  it('say of a completion what its pair says of it, and count where they have one', async () => {
    const { trainer } = await testTrainer({ objective: probe, batches: [[pairBatch([first, second])]] });
    const pairs = (await evaluate(trainer, [pairBatch([first, second, third, fourth])], false)).rows;
    const ratio = (row: number, side: 0 | 1) => pairs[row]!.logps[side]! - pairs[row]!.referenceLogps[side]!;
    const desirable = [ratio(0, 0), ratio(1, 0)];
    const undesirable = [ratio(2, 1)];
    const batches = [pairBatch([only(0, first), only(1, third)]), pairBatch([only(0, second), null])];
    const { readings } = await evaluate(trainer, batches, true);
    expect(readings['loss']).toBeCloseTo(mean([...desirable, ...undesirable]), 12);
    expect(readings['rewards/chosen']).toBeCloseTo(mean(desirable), 12);
    expect(readings['rewards/rejected']).toBeCloseTo(mean(undesirable), 12);
    expect(readings['rewards/margins']).toBeCloseTo(mean(desirable) - mean(undesirable), 12);
    expect(readings).not.toHaveProperty('rewards/accuracies');
    expect(readings['present']).toBeCloseTo(2 / 3, 12);
  });

  it('stand for a pair where both are there', async () => {
    const { trainer } = await testTrainer({ objective: probe, batches: [[pairBatch([first])]] });
    const paired = (await evaluate(trainer, [pairBatch([first, second])], true)).readings;
    const apart = [only(0, first), only(1, first), only(1, second), only(0, second)];
    const unpaired = (await evaluate(trainer, [pairBatch(apart)], true)).readings;
    for (const name of ['loss', 'rewards/chosen', 'rewards/rejected', 'rewards/margins']) {
      expect(unpaired[name]).toBeCloseTo(paired[name]!, 12);
    }
    expect(paired).toHaveProperty('rewards/accuracies');
  });

  it('train, and leave out of a step’s readings what it has none of', async () => {
    const { trainer } = await testTrainer({
      objective: probe,
      batches: [[pairBatch([only(1, first), only(1, third)])]],
    });
    const { readings } = await trainer.step(0);
    expect(Object.keys(readings).filter((name) => /^(rewards|logps)/.test(name))).toEqual([
      'rewards/rejected',
      'logps/rejected',
    ]);
  });
});
