import { grad } from '@tether/graph';
import {
  allMetrics,
  evaluatePart,
  evaluateScalars,
  makeBatchViews,
  testObjective,
  type Points,
  type TestRow,
} from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { ktoConfig } from './config.ts';
import { plugin, plugins } from './index.ts';
import { ktoLoss } from './kto.ts';

testObjective(plugin, {
  configs: [{}, { kl_estimate: 'opposite', beta: 0.5, desirable_weight: 2, undesirable_weight: 0.5 }],
  skips: [
    {
      test: 'adds up: micro-batches sum to the whole batch',
      reason: 'the reference point is estimated from each forward’s own rows (as in TRL)',
    },
  ],
});

testObjective(plugins['apo_zero_unpaired']!, { configs: [{}, { desirable_weight: 2, undesirable_weight: 0.5 }] });

/** One-token completions of given log-ratios; `lengths` 0 takes a side away. */
function batchOf(ratios: readonly (readonly [number, number])[], lengths = ratios.map(() => [1, 1])) {
  const sizes = { completionLength: 1, viewLength: 2, hiddenSize: 2, vocabularySize: 3 };
  const rows = lengths.map(([chosen, rejected], content): TestRow =>
    chosen === 0 ? { content, only: 1 } : rejected === 0 ? { content, only: 0 } : { content },
  );
  const batch = makeBatchViews({ rows, sizes });
  const set = (name: string, data: readonly number[]) => ({ ...batch.points[name]!, data });
  const points: Points = {
    ...batch.points,
    'policy/logps': set('policy/logps', ratios.flat()),
    'reference/logps': set('reference/logps', ratios.flat().fill(0)),
  };
  return { ...batch, points };
}

function valueOf(batch: ReturnType<typeof batchOf>, options: object): Record<string, number> {
  const { loss, gauges, ...means } = ktoLoss(batch.views, ktoConfig.parse(options));
  return evaluateScalars(batch.points, { loss, ...gauges, ...allMetrics(means) });
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('the KTO loss', () => {
  it('judges each side from the mean log-ratio of the other', () => {
    const found = valueOf(
      batchOf([
        [1, -2],
        [3, 3],
      ]),
      { beta: 0.5, kl_estimate: 'opposite' },
    );
    const [up, down] = [0.5, 2]; // means of rejected and of chosen log-ratios
    const terms = [1, 3].map((x) => 1 - sigmoid(0.5 * (x - up)));
    const others = [-2, 3].map((x) => 1 - sigmoid(0.5 * (down - x)));
    expect(found['loss']).toBeCloseTo([...terms, ...others].reduce((a, b) => a + b) / 4, 12);
    expect([found['kl/chosen'], found['kl/rejected']]).toEqual([up, down]);
  });

  it('judges both sides from completions under other prompts, as the paper does', () => {
    const batch = batchOf([
      [1, -2],
      [3, 3],
    ]);
    const set = (name: string, data: readonly number[]) => ({ ...batch.points[name]!, data });
    const points = {
      ...batch.points,
      'policy/mismatched': set('policy/mismatched', [-1, -2, -3, -4]),
      'reference/mismatched': set('reference/mismatched', [-2, -2, -5, -3]),
    };
    const found = valueOf({ ...batch, points }, {});
    expect(found['kl/chosen']).toBeCloseTo((1 + 0 + 2 - 1) / 4, 12);
    expect(found['kl/rejected']).toBe(found['kl/chosen']);
  });

  it('never has a negative reference point', () => {
    expect(valueOf(batchOf([[-1, -2]]), { kl_estimate: 'opposite' })).toMatchObject({
      'kl/chosen': 0,
      'kl/rejected': 0,
    });
  });

  it('judges unpaired rows by the side that they have, as their pairs', () => {
    const options = { beta: 0.5, kl_estimate: 'opposite', desirable_weight: 3 };
    const pairs: [number, number][] = [
      [1, -2],
      [3, 3],
    ];
    const apart = batchOf(
      pairs.flatMap(([up, down]) => [
        [up, 9],
        [9, down],
      ]),
      pairs.flatMap(() => [
        [1, 0],
        [0, 1],
      ]),
    );
    const [found, expected] = [valueOf(apart, options), valueOf(batchOf(pairs), options)];
    for (const name of ['loss', 'kl/chosen', 'kl/rejected', 'rewards/chosen', 'rewards/rejected', 'rewards/margins']) {
      expect(found[name]).toBeCloseTo(expected[name]!, 12);
    }
  });

  it('is a mean over completions, of pairs and of unpaired rows', () => {
    const lengths = [
      [1, 1],
      [1, 0],
    ];
    const batch = batchOf(
      [
        [1, -2],
        [3, 9],
      ],
      lengths,
    );
    const found = valueOf(batch, { beta: 1, kl_estimate: 'none', undesirable_weight: 2 });
    expect(found['loss']).toBeCloseTo((sigmoid(-1) + sigmoid(-3) + 2 * sigmoid(-2)) / 3, 12);
    expect(found).toMatchObject({ 'rewards/chosen': 2, 'rewards/rejected': -2, 'rewards/margins': 4 });
  });

  it('sends no gradient to a side that a row lacks', () => {
    const lengths = [
      [1, 0],
      [0, 1],
    ];
    const batch = batchOf(
      [
        [1, 9],
        [9, -1],
      ],
      lengths,
    );
    const { loss } = ktoLoss(batch.views, ktoConfig.parse({ kl_estimate: 'opposite' }));
    const gradient = evaluatePart(batch.points, { g: grad(loss, [batch.tensors['policy/logps']!])[0]! })['g']!;
    expect(Array.from(gradient.data, (slope) => slope !== 0)).toEqual([true, false, false, true]);
  });
});
