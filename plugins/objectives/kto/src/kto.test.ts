import { grad } from '@tether/graph';
import { evaluatePart, evaluateScalars, makeBatchViews, testObjective, type Points } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { ktoConfig } from './config.ts';
import { plugin } from './index.ts';
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

/** One-token completions of given log-ratios; `lengths` 0 takes a side away. */
function batchOf(ratios: readonly (readonly [number, number])[], lengths = ratios.map(() => [1, 1])) {
  const sizes = { completionLength: 1, viewLength: 2, hiddenSize: 2, vocabularySize: 3 };
  const batch = makeBatchViews({ rows: ratios.map((_, content) => ({ content })), sizes });
  const set = (name: string, data: readonly number[]) => ({ ...batch.points[name]!, data });
  const points: Points = {
    ...batch.points,
    'policy/logps': set('policy/logps', ratios.flat()),
    'reference/logps': set('reference/logps', ratios.flat().fill(0)),
    'batch/completionMask': set('batch/completionMask', lengths.flat()),
  };
  return { ...batch, points };
}

function valueOf(batch: ReturnType<typeof batchOf>, options: object): Record<string, number> {
  const { loss, metrics, gauges } = ktoLoss(batch.views, ktoConfig.parse(options));
  return evaluateScalars(batch.points, { loss, ...metrics, ...gauges });
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

  it('takes rows with one completion: an absent side counts nowhere', () => {
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
    const found = valueOf(batch, { beta: 1, kl_estimate: 'none', desirable_weight: 3 });
    expect(found['loss']).toBeCloseTo((3 * (1 - sigmoid(1)) + (1 - sigmoid(1))) / 2, 12);
    const { loss } = ktoLoss(batch.views, ktoConfig.parse({ kl_estimate: 'opposite' }));
    const gradient = evaluatePart(batch.points, { g: grad(loss, [batch.tensors['policy/logps']!])[0]! })['g']!;
    expect([gradient.data[1], gradient.data[2]].map(Math.abs as (x: number | undefined) => number)).toEqual([0, 0]);
  });
});
