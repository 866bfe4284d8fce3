import { add, constant, grad, mul, reduceSum, stopGradient } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineRegularizer, type Opponent } from '../contracts/index.ts';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, tokenObjective } from '../testing/plugins.ts';
import { tinyWeights } from '../testing/tinyModel.ts';
import { testTrainer } from '../testing/trainers.ts';
import { requireWeights } from '../views/index.ts';
import type { RegularizerUse } from './definition.ts';

const optimizer = criticPenalty.plugin.opponent!.optimizer;
const batches = [[pairBatch(PAIRS.slice(0, 2)), pairBatch(PAIRS.slice(2, 4))]];

/** A regularizer of which only the opponent does something. */
const withOpponent = (
  loss: Opponent<unknown>['loss'],
  options: Partial<Parameters<typeof defineRegularizer>[0]> = {},
): RegularizerUse => ({
  key: 'mine',
  config: {},
  plugin: defineRegularizer<unknown>({
    name: 'mine',
    description: 'has an opponent',
    config: z.strictObject({}),
    needs: () => [],
    opponent: { optimizer, loss },
    penalty: () => ({ loss: constant(0) }),
    ...options,
  }),
});

describe('an opponent', () => {
  it('sees the trained weights where the regularizer needs them, and moves none of them', async () => {
    const regularizer = withOpponent(
      (context) => {
        const { trained, initial } = requireWeights(context);
        const mix = reduceSum(mul(trained['mix']!, context.parameters['scale']!));
        const [slope] = grad(mix, [trained['mix']!]);
        return { loss: mix, gauges: { 'mine/first': reduceSum(initial['mix']!), 'mine/slope': reduceSum(slope!) } };
      },
      {
        needs: () => ['weights'],
        networks: () => ({
          parameters: { scale: { shape: [], initializer: { kind: 'constant', value: 1 } } },
          state: {},
        }),
      },
    );
    const weights = tinyWeights(1);
    const { trainer } = await testTrainer({
      objective: tokenObjective,
      regularizers: [regularizer],
      batches,
      policy: weights,
      reference: weights,
    });
    const { readings } = await trainer.step(0);
    const sum = Array.from(weights.get('mix')!).reduce((total, x) => total + x, 0);
    expect(readings['mine/first']).toBeCloseTo(sum, 12);
    expect(readings['mine/slope']).toBeCloseTo(16, 12); // of its own view; the policy's gradient is taken elsewhere
    const alone = await testTrainer({ objective: tokenObjective, batches, policy: weights, reference: weights });
    await alone.trainer.step(0);
    expect((await trainer.policyWeights()).get('mix')!.data).toEqual(
      (await alone.trainer.policyWeights()).get('mix')!.data,
    );
  });

  it('keeps state without a network to train, over micro-batches and steps', async () => {
    const counter = withOpponent(
      ({ state, views }) => ({
        loss: constant(0),
        state: { count: add(state['count']!, stopGradient(reduceSum(views.rowWeight))) },
      }),
      {
        networks: () => ({
          parameters: {},
          state: { count: { shape: [], initializer: { kind: 'constant', value: 0 } } },
        }),
        penalty: ({ key, state }) => ({ loss: constant(0), gauges: { [`${key}/count`]: state['count']! } }),
      },
    );
    const { trainer } = await testTrainer({ objective: tokenObjective, regularizers: [counter], batches });
    expect((await trainer.step(0)).readings['mine/count']).toBe(4); // two micro-batches of two rows
    expect((await trainer.step(1)).readings['mine/count']).toBe(8);
    expect([...(await trainer.snapshot()).keys()]).toContain('network/mine/state/count');
  });
});
