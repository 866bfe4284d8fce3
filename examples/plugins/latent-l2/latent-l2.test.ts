import { evaluateScalars, makeBatchViews, testRegularizer } from '@tether/testing';
import { constant } from '@tether/graph';
import { expect, test } from 'vitest';
import { plugin } from './index.ts';

testRegularizer(plugin, { configs: [{}, { squared: false }] });

test('is 0 where the policy is the reference', () => {
  const { views, points } = makeBatchViews();
  const context = { key: 'latent-l2', config: plugin.config.parse({}), parameters: {}, state: {} };
  const { loss } = plugin.penalty({ ...context, views, seed: constant(0, 'i32') });
  expect(evaluateScalars(points, { loss })['loss']).toBeGreaterThan(0);
  const equal = { ...points, 'policy/latents': points['reference/latents']! };
  expect(evaluateScalars(equal, { loss })['loss']).toBe(0);
});
