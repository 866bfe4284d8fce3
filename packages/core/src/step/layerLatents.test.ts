import { reduceSum } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineRegularizer } from '../contracts/index.ts';
import { pairBatch, PAIRS } from '../testing/batches.ts';
import { pairObjective } from '../testing/plugins.ts';
import { testTrainer } from '../testing/trainers.ts';
import { tinyWeights } from '../testing/tinyModel.ts';
import { requireReference } from '../views/index.ts';
import type { RegularizerUse } from './definition.ts';

/** Reports Σ of a layer's states over batch and positions, padding included, of both models. */
const probe = (layer: number): RegularizerUse => ({
  key: 'probe',
  config: {},
  plugin: defineRegularizer({
    name: 'probe',
    description: 'sums of the hidden states of a layer',
    config: z.strictObject({}),
    needs: () => ['latents', 'referenceLatents'],
    penalty({ views }) {
      const [policy, reference] = [views.policy, requireReference(views)].map((model) =>
        reduceSum(model.layerLatents(layer)),
      );
      return { loss: policy!, gauges: { 'probe/policy': policy!, 'probe/reference': reference! } };
    },
  }),
});

const run = (layer: number, settings: object = {}) =>
  testTrainer({
    objective: pairObjective,
    regularizers: [probe(layer)],
    batches: [[pairBatch(PAIRS)]],
    settings: { ...settings },
    policy: tinyWeights(1),
    reference: tinyWeights(50),
  });

describe('hidden states of single layers', () => {
  it('are what the layer puts out, for both models, counted from either end', async () => {
    const batch = pairBatch(PAIRS);
    // The tiny model's only layer puts out embedding + position.
    const expected = (seed: number): number => {
      const weights = tinyWeights(seed);
      const row = (name: string, index: number): number =>
        Array.from(weights.get(name)!.slice(4 * index, 4 * index + 4)).reduce((sum, x) => sum + x, 0);
      return Array.from(batch.views).reduce(
        (sum, place) => sum + row('embedding', batch.tokens[place]!) + row('positions', batch.positions[place]!),
        0,
      );
    };
    for (const layer of [0, -1]) {
      const { readings } = await (await run(layer)).trainer.step(0);
      expect(readings['probe/policy']).toBeCloseTo(expected(1), 10);
      expect(readings['probe/reference']).toBeCloseTo(expected(50), 10);
    }
  });

  it('are refused where there is no such layer', async () => {
    const { trainer } = await run(1);
    await expect(trainer.step(0)).rejects.toThrow('layer 1, but the model has 1 layers');
  });

  it('are refused of a precomputed reference, which keeps only the last', async () => {
    const { trainer } = await run(0, { precompute_ref_log_probs: true });
    await expect(trainer.step(0)).rejects.toThrow('set training.precompute_ref_log_probs to false');
  });
});
