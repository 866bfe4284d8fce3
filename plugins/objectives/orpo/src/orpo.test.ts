import { grad } from '@tether/graph';
import { evaluatePart, evaluateScalars, makeBatchViews, testObjective, type Points } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { orpoConfig } from './config.ts';
import { plugin } from './index.ts';
import { orpoLoss } from './orpo.ts';

testObjective(plugin, { configs: [{}, { beta: 1 }] });

const at = (points: Points, logp: number): Points => {
  const logps = points['policy/logps']!;
  return { ...points, 'policy/logps': { ...logps, data: Array.from(logps.data, () => logp) } };
};

describe('the ORPO loss', () => {
  it('is the likelihood plus β·log 2 where both sides are as likely per token', () => {
    const batch = makeBatchViews();
    const { loss, metrics } = orpoLoss(batch.views, orpoConfig.parse({ beta: 0.5 }));
    const found = evaluateScalars(at(batch.points, -0.7), { loss, ...metrics });
    expect(found['loss']).toBeCloseTo(0.7 + 0.5 * Math.log(2), 12);
    expect(found['log_odds_chosen']).toBe(0);
  });

  it('has the odds of the mean token probability', () => {
    const batch = makeBatchViews({ rows: [{ content: 0 }] }); // 1 and 2 tokens
    const { metrics } = orpoLoss(batch.views, orpoConfig.parse({}));
    const logps = batch.points['policy/logps']!;
    const data = [-0.2, 0, 0, -1, -2, 0];
    const found = evaluateScalars({ ...batch.points, 'policy/logps': { ...logps, data } }, metrics!);
    const odds = (logp: number): number => Math.exp(logp) / (1 - Math.exp(logp));
    expect(found['log_odds_chosen']).toBeCloseTo(Math.log(odds(-0.2) / odds(-1.5)), 12);
  });

  it('stays finite, with its gradient, for completions that are certain or all but impossible', () => {
    const batch = makeBatchViews();
    const { loss } = orpoLoss(batch.views, orpoConfig.parse({}));
    const gradient = grad(loss, [batch.tensors['policy/logps']!])[0]!;
    for (const logp of [0, -1e-9, -1e-4, -50, -1e4]) {
      const { value, slope } = evaluatePart(at(batch.points, logp), { value: loss, slope: gradient });
      expect([...Array.from(value!.data), ...Array.from(slope!.data)].every(Number.isFinite), `${logp}`).toBe(true);
    }
  });
});
