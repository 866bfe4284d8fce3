import { grad } from '@tether/graph';
import {
  atReference,
  evaluatePart,
  evaluateScalars,
  makeBatchViews,
  testObjective,
  type Points,
  type TestBatch,
} from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { dpoConfig } from './config.ts';
import { dpoLoss } from './dpo.ts';
import { plugin } from './index.ts';

testObjective(plugin, { configs: [{}, { beta: 0.5 }, { label_smoothing: 0.2 }] });

const SIDES = 2;

/** Σ log p over each completion by one model, [B][S]. */
function sums({ points }: Pick<TestBatch, 'points'>, model: 'policy' | 'reference'): [number, number][] {
  const mask = points['batch/completionMask']!;
  const [rows, , length] = mask.shape as readonly [number, number, number];
  const logps = points[`${model}/logps`]!.data;
  return Array.from({ length: rows }, (_, row) => {
    const side = (s: number): number =>
      Array.from({ length }, (_unused, t) => (row * SIDES + s) * length + t).reduce(
        (sum, at) => sum + logps[at]! * mask.data[at]!,
        0,
      );
    return [side(0), side(1)];
  });
}

function values(batch: TestBatch, options: object = {}, points: Points = batch.points): Record<string, number> {
  const { loss, metrics } = dpoLoss(batch.views, dpoConfig.parse(options));
  return evaluateScalars(points, { loss, ...metrics });
}

/** The batch's numbers with every label wrong: chosen and rejected change places. */
function withSidesSwapped({ points }: TestBatch): Points {
  const swap = (name: string): Points => {
    const point = points[name]!;
    const length = point.shape[2]!; // of [B, 2, C]
    const data = Array.from(point.data, (_, at) => {
      const side = Math.floor(at / length) % SIDES;
      return point.data[side === 0 ? at + length : at - length]!;
    });
    return { [name]: { ...point, data } };
  };
  return { ...points, ...swap('policy/logps'), ...swap('reference/logps'), ...swap('batch/completionMask') };
}

describe('the DPO loss', () => {
  it('is log 2 where the policy is the reference, with rewards of 0', () => {
    const batch = makeBatchViews();
    for (const options of [{}, { beta: 3 }, { label_smoothing: 0.3 }]) {
      const found = values(batch, options, atReference(batch.points));
      expect(found['loss']).toBeCloseTo(Math.log(2), 14);
      expect(found['rewards/margins']).toBe(0);
      expect(found['rewards/accuracies']).toBe(0); // a tie is no win
    }
  });

  it('is the logistic loss of the reward margin', () => {
    const batch = makeBatchViews();
    const [policy, reference] = [sums(batch, 'policy'), sums(batch, 'reference')];
    const rewards = policy.map(
      ([w, l], row) => [0.3 * (w - reference[row]![0]), 0.3 * (l - reference[row]![1])] as const,
    );
    const mean = (of: (pair: readonly [number, number]) => number): number =>
      rewards.reduce((sum, pair) => sum + of(pair), 0) / rewards.length;
    const found = values(batch, { beta: 0.3 });
    expect(found['loss']).toBeCloseTo(
      mean(([w, l]) => Math.log1p(Math.exp(l - w))),
      12,
    );
    expect(found['rewards/chosen']).toBeCloseTo(
      mean(([w]) => w),
      12,
    );
    expect(found['rewards/rejected']).toBeCloseTo(
      mean(([, l]) => l),
      12,
    );
    expect(found['rewards/margins']).toBeCloseTo(
      mean(([w, l]) => w - l),
      12,
    );
    expect(found['rewards/accuracies']).toBeCloseTo(
      mean(([w, l]) => (w > l ? 1 : 0)),
      12,
    );
  });

  it('pushes chosen tokens up and rejected ones down, as hard as the pair is misjudged', () => {
    const batch = makeBatchViews({ rows: [{ content: 2 }] });
    const { loss } = dpoLoss(batch.views, dpoConfig.parse({ beta: 0.5 }));
    const gradient = evaluatePart(batch.points, { g: grad(loss, [batch.tensors['policy/logps']!])[0]! })['g']!;
    const mask = batch.points['batch/completionMask']!.data;
    const [[w, l], [rw, rl]] = [sums(batch, 'policy')[0]!, sums(batch, 'reference')[0]!];
    const misjudged = 1 / (1 + Math.exp(0.5 * (w - rw - (l - rl)))); // σ(−margin)
    Array.from(gradient.data).forEach((value, at) => {
      const side = at < gradient.data.length / 2 ? -1 : 1; // descent raises chosen, lowers rejected
      expect(value).toBeCloseTo(side * 0.5 * misjudged * mask[at]!, 12);
    });
  });
});

describe('label smoothing', () => {
  it('mixes the loss of the labels with the loss of the swapped labels', () => {
    const batch = makeBatchViews();
    const plain = values(batch)['loss']!;
    const swapped = values(batch, {}, withSidesSwapped(batch))['loss']!;
    expect(swapped).not.toBeCloseTo(plain, 3);
    const smoothed = values(batch, { label_smoothing: 0.1 })['loss']!;
    expect(smoothed).toBeCloseTo(0.9 * plain + 0.1 * swapped, 12);
  });

  it('of ½ has no preference: its gradient vanishes where the policy is the reference', () => {
    const batch = makeBatchViews();
    const { loss } = dpoLoss(batch.views, dpoConfig.parse({ label_smoothing: 0.5 }));
    const gradient = grad(loss, [batch.tensors['policy/logps']!])[0]!;
    const { data } = evaluatePart(atReference(batch.points), { gradient })['gradient']!;
    Array.from(data).forEach((value) => expect(value).toBeCloseTo(0, 14));
  });
});
