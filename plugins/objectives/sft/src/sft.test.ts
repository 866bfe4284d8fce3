import { grad } from '@tether/graph';
import { evaluatePart, evaluateScalars, makeBatchViews, testObjective } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { plugin } from './index.ts';
import { sftLoss } from './sft.ts';

testObjective(plugin);

describe('the fine-tuning loss', () => {
  it('is the mean negative log-likelihood over all tokens of single completions', () => {
    const batch = makeBatchViews({ sides: 1 });
    const logps = batch.points['policy/logps']!.data;
    const mask = Array.from(batch.points['batch/completionMask']!.data);
    const total = mask.reduce((sum, isToken, at) => sum + isToken * logps[at]!, 0);
    const tokens = mask.reduce((sum, isToken) => sum + isToken);
    const { loss } = evaluateScalars(batch.points, { loss: sftLoss(batch.views).loss });
    expect(loss).toBeCloseTo(-total / tokens, 12);
  });

  it('weighs every token alike: the mean is over tokens, not over rows', () => {
    const rows = [{ content: 0 }, { content: 2 }]; // completions of 1 and 3 tokens
    const batch = makeBatchViews({ sides: 1, rows });
    const gradient = grad(sftLoss(batch.views).loss, [batch.tensors['policy/logps']!])[0]!;
    const { data } = evaluatePart(batch.points, { gradient })['gradient']!;
    const mask = Array.from(batch.points['batch/completionMask']!.data);
    expect(mask.filter((isToken) => isToken === 1)).toHaveLength(4);
    Array.from(data).forEach((value, at) => expect(value).toBeCloseTo(-mask[at]! / 4, 14));
  });

  it('learns from chosen completions alone where the data has pairs', () => {
    const batch = makeBatchViews({ sides: 2, rows: [{ content: 1 }] });
    const gradient = grad(sftLoss(batch.views).loss, [batch.tensors['policy/logps']!])[0]!;
    const { data } = evaluatePart(batch.points, { gradient })['gradient']!;
    const [chosen, rejected] = [Array.from(data).slice(0, 3), Array.from(data).slice(3)];
    expect(chosen.some((value) => value < 0)).toBe(true);
    expect(rejected.map(Math.abs)).toEqual([0, 0, 0]);
  });
});
