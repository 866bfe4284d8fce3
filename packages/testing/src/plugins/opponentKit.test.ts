import { defineRegularizer, type BatchViews, type OpponentResult, type PenaltyContext } from '@tether/core';
import { cast, constant, div, iota, mean, mul, neg, reduceSum, reshape, sub, type Tensor } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { opponentTests } from './opponentTests.ts';
import { KEY, regularizerUnderTest } from './regularizerNetworks.ts';

/** Faults that the author of an opponent may well make. The sound one: a linear probe of the mean hidden state. */

type Context = PenaltyContext<unknown>;

/** Sum of the policy's states at real tokens, [B, H]. */
const summed = ({ policy, latentMask }: BatchViews): Tensor =>
  reduceSum(mul(policy.latents, reshape(latentMask, [...latentMask.shape, 1])), [1, 2]);

/** (w·h − 1)² of each row, [B]. */
function errors({ views, parameters }: Context): Tensor {
  const score = reduceSum(mul(summed(views), parameters['w']!), [1]);
  const gap = sub(score, 1);
  return mul(gap, gap);
}

const sound = (context: Context): OpponentResult => ({ loss: context.views.meanOverRows(errors(context)) });

/** Titles of the kit's tests that an opponent's loss fails. */
async function failuresOf(loss: (context: Context) => OpponentResult): Promise<string[]> {
  const plugin = defineRegularizer<unknown>({
    name: 'probe',
    description: 'a linear probe',
    config: z.strictObject({}),
    needs: () => ['latents'],
    networks: ({ hiddenSize }) => ({
      parameters: { w: { shape: [hiddenSize], initializer: { kind: 'normal', standardDeviation: 1 } } },
      state: { last: { shape: [], initializer: { kind: 'constant', value: 0 } } },
    }),
    opponent: {
      optimizer: () => ({
        learningRateRatio: 1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0,
        maxGradNorm: 0,
      }),
      loss,
    },
    penalty: (context) => ({ loss: neg(context.views.meanOverRows(errors(context))) }),
  });
  const failures: string[] = [];
  const attempts: Promise<void>[] = [];
  const attempt = async (title: string, run: () => void | Promise<void>): Promise<void> => {
    try {
      await run();
    } catch {
      failures.push(title);
    }
  };
  opponentTests(
    (title, run) => void attempts.push(attempt(title, run)),
    () => regularizerUnderTest(plugin, {}),
  );
  await Promise.all(attempts);
  return failures;
}

describe('the kit for opponents catches', () => {
  it('nothing in a sound one', async () => {
    expect(await failuresOf(sound)).toEqual([]);
  });

  it('a metric that is not a number', async () => {
    const nothing = div(constant(0), 0);
    const failures = await failuresOf((context) => ({ ...sound(context), metrics: { [`${KEY}/ratio`]: nothing } }));
    expect(failures).toContain('opponent: gives finite scalar metrics that start with the regularizer’s key');
  });

  it('a mean over the rows of the micro-batch', async () => {
    const failures = await failuresOf((context) => ({ loss: mean(errors(context)) }));
    expect(failures).toContain('opponent: adds up: micro-batches sum to the whole batch');
  });

  const byPlace = ({ views }: Context, x: Tensor): Tensor =>
    views.meanOverRows(mul(x, cast(iota(views.rowWeight.shape, 0), 'f32')));

  it('rows that count by where they stand, in its loss or in its state', async () => {
    const title = 'opponent: does not depend on the order of rows';
    expect(await failuresOf((context) => ({ loss: byPlace(context, errors(context)) }))).toContain(title);
    const inState = await failuresOf((context) => ({
      ...sound(context),
      state: { last: byPlace(context, errors(context)) },
    }));
    expect(inState).toEqual([title]);
  });
});
