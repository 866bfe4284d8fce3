import type { PenaltyContext } from '@tether/core';
import { constant, grad, input } from '@tether/graph';
import { evaluatePart, evaluateScalars, makeBatchViews, testRegularizer, type Points } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { l2InitialConfig, type L2InitialConfig } from './config.ts';
import { plugin } from './index.ts';
import { l2InitialPenalty } from './l2Initial.ts';

testRegularizer(plugin, { configs: [{}, { reduction: 'mean' }] });

const shape = [2, 2];
const trained = input('trained', 'f32', shape);
const initial = input('initial', 'f32', shape);

function scene(now: readonly number[], before: readonly number[], options: object = {}) {
  const batch = makeBatchViews();
  const context: PenaltyContext<L2InitialConfig> = {
    key: 'l2_initial',
    views: batch.views,
    config: l2InitialConfig.parse(options),
    parameters: {},
    state: {},
    seed: constant(0, 'i32'),
    weights: { trained: { w: trained }, initial: { w: initial } },
  };
  const point = (data: readonly number[]): Points[string] => ({ dtype: 'f32', shape, data });
  return { context, points: { ...batch.points, trained: point(now), initial: point(before) } };
}

describe('the L2 distance from the initial weights', () => {
  it('is half the sum of squared changes, whose gradient is the change', () => {
    const { context, points } = scene([1, 2, 3, 4], [1, 0, 3, 5]);
    const { loss, gauges } = l2InitialPenalty(context);
    const found = evaluateScalars(points, { loss, ...gauges });
    expect(found['loss']).toBeCloseTo((4 + 1) / 2, 12);
    expect(found['l2_initial/distance']).toBeCloseTo(Math.sqrt(5), 12);
    const gradient = evaluatePart(points, { g: grad(loss, [trained])[0]! })['g']!;
    expect(Array.from(gradient.data)).toEqual([0, 2, 0, -1]);
  });

  it('has a mean per weight', () => {
    const { context, points } = scene([1, 2, 3, 4], [1, 0, 3, 5], { reduction: 'mean' });
    expect(evaluateScalars(points, { loss: l2InitialPenalty(context).loss })['loss']).toBeCloseTo(5 / 4, 12);
  });

  it('starts at 0, with a finite gradient', () => {
    const { context, points } = scene([1, 2, 3, 4], [1, 2, 3, 4]);
    const { loss } = l2InitialPenalty(context);
    const found = evaluatePart(points, { loss, g: grad(loss, [trained])[0]! });
    expect([...Array.from(found['loss']!.data), ...Array.from(found['g']!.data)].map(Math.abs)).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('says so where there are no weights', () => {
    const { context } = scene([0, 0, 0, 0], [0, 0, 0, 0]);
    expect(() => l2InitialPenalty({ ...context, weights: undefined })).toThrow('without declaring "weights"');
  });
});
