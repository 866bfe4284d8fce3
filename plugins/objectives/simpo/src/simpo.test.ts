import { evaluateScalars, makeBatchViews, testObjective, type Points, type TestBatch } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { simpoConfig } from './config.ts';
import { plugin } from './index.ts';
import { simpoLoss } from './simpo.ts';

testObjective(plugin, { configs: [{}, { beta: 10, gamma_beta_ratio: 0.5 }, { gamma_beta_ratio: 0 }] });

function values(batch: TestBatch, options: object = {}, points: Points = batch.points): Record<string, number> {
  const { loss, metrics } = simpoLoss(batch.views, simpoConfig.parse(options));
  return evaluateScalars(points, { loss, ...metrics });
}

/** The batch's numbers with one log-probability for every token of the chosen side, and one for the rejected. */
function constantLogps({ points }: TestBatch, chosen: number, rejected: number): Points {
  const logps = points['policy/logps']!;
  const length = logps.shape[2]!;
  const data = Array.from(logps.data, (_, at) => (Math.floor(at / length) % 2 === 0 ? chosen : rejected));
  return { ...points, 'policy/logps': { ...logps, data } };
}

describe('the SimPO loss', () => {
  it('does not care how long completions are: rewards are means per token', () => {
    const [chosen, rejected] = [-0.7, -1.2];
    const [beta, gamma] = [2, 0.5];
    const expected = Math.log1p(Math.exp(-(beta * (chosen - rejected) - gamma)));
    for (const content of [0, 1, 2, 3, 4, 5]) {
      const batch = makeBatchViews({ rows: [{ content }] }); // completions of 1 to 3 tokens
      const found = values(batch, { beta, gamma_beta_ratio: gamma / beta }, constantLogps(batch, chosen, rejected));
      expect(found['loss']).toBeCloseTo(expected, 12);
      expect(found['rewards/margins']).toBeCloseTo(beta * (chosen - rejected), 12);
    }
  });

  it('is log 2 exactly at the target margin, not at equal rewards', () => {
    const batch = makeBatchViews();
    const atMargin = values(batch, { beta: 2, gamma_beta_ratio: 0.25 }, constantLogps(batch, -1, -1.25));
    expect(atMargin['loss']).toBeCloseTo(Math.log(2), 12);
    const equal = values(batch, { beta: 2, gamma_beta_ratio: 0.25 }, constantLogps(batch, -1, -1));
    expect(equal['loss']).toBeCloseTo(Math.log1p(Math.exp(0.5)), 12);
  });

  it('scales margin and target together with beta', () => {
    const batch = makeBatchViews({ rows: [{ content: 1 }] });
    const points = constantLogps(batch, -1, -2);
    const logit = (beta: number): number =>
      -Math.log(Math.expm1(values(batch, { beta, gamma_beta_ratio: 0.4 }, points)['loss']!)); // inverse of log(1 + e⁻ˣ)
    expect(logit(4)).toBeCloseTo(4 * (1 - 0.4), 10);
    expect(logit(8)).toBeCloseTo(2 * logit(4), 10);
  });

  it('takes the target margin itself in the place of its share of beta', () => {
    const batch = makeBatchViews();
    const share = values(batch, { beta: 4, gamma_beta_ratio: 0.3 })['loss'];
    expect(values(batch, { beta: 4, gamma: 1.2 })['loss']).toBe(share);
  });

  it('needs no reference', () => {
    expect(plugin.needs(plugin.config.parse({}))).toEqual(['rejected']);
  });
});
