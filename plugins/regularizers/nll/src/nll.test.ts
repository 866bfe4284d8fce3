import { constant } from '@tether/graph';
import { evaluateScalars, makeBatchViews, testRegularizer } from '@tether/testing';
import { expect, it } from 'vitest';
import { MEANS, nllConfig, type NllConfig } from './config.ts';
import { plugin } from './index.ts';
import { nllPenalty } from './nll.ts';

testRegularizer(plugin, { configs: MEANS.map((mean) => ({ mean })) });

it('is a mean over tokens, or over completions of their means', () => {
  const batch = makeBatchViews({ rows: [{ content: 0 }, { content: 2 }] }); // chosen completions of 1 and 3 tokens
  const logps = batch.points['policy/logps']!.data;
  const tokens = [[logps[0]!], [6 + 0, 6 + 1, 6 + 2].map((at) => logps[at]!)]; // [B, 2, 3] flat
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const penalty = (mean: NllConfig['mean']): number => {
    const context = { key: 'nll', views: batch.views, config: nllConfig.parse({ mean }), parameters: {}, state: {} };
    return evaluateScalars(batch.points, { loss: nllPenalty({ ...context, seed: constant(0, 'i32') }).loss })['loss']!;
  };
  expect(penalty('tokens')).toBeCloseTo(-sum(tokens.flat()) / 4, 12);
  expect(penalty('completions')).toBeCloseTo(-sum(tokens.map((row) => sum(row) / row.length)) / 2, 12);
});
