import { div, mul, sqrt, sub } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineRegularizer, type BatchViews } from '../contracts/index.ts';
import { weightScheduleSchema } from '../optimizer/index.ts';
import type { RegularizerUse } from '../step/index.ts';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, pairObjective } from '../testing/plugins.ts';
import { tinyWeights } from '../testing/tinyModel.ts';
import { testTrainer, type TestRun, type TestTrainer } from '../testing/trainers.ts';
import { sideOf } from '../views/index.ts';
import { NonFiniteError } from './nonFinite.ts';

/** Rows 1 and 2 have chosen completions of 3 and 1 tokens, row 3 one of 2. */
const good = pairBatch(PAIRS.slice(0, 2));
const bad = pairBatch([PAIRS[2]!, null]);

const distance = (views: BatchViews) => sub(sideOf(views.completionLengths, 0), 2); // [B]: 0 for row 3

const penalty = (
  name: string,
  loss: (views: BatchViews) => ReturnType<BatchViews['meanOverRows']>,
): RegularizerUse => ({
  key: name,
  config: {},
  plugin: defineRegularizer({
    name,
    description: 'goes wrong on row 3',
    config: z.strictObject({}),
    needs: () => ['rejected'],
    penalty: ({ views }) => ({ loss: loss(views) }),
  }),
});

/** x/0 for row 3. */
const infinitePenalty = penalty('infinite', (views) =>
  views.meanOverRows(div(sideOf(views.policy.logps.sums, 0), distance(views))),
);

/** √(d·x)² is 0 for row 3, and its derivative there is 0·∞. */
const steepGradient = penalty('steep', (views) => {
  const scaled = mul(sideOf(views.policy.logps.sums, 0), distance(views));
  return views.meanOverRows(sqrt(mul(scaled, scaled)));
});

async function failure({ trainer }: TestTrainer, step: number): Promise<NonFiniteError> {
  const error: unknown = await trainer.step(step).catch((thrown: unknown) => thrown);
  if (error instanceof NonFiniteError) return error;
  throw new Error('expected a NonFiniteError', { cause: error });
}

const values = async ({ trainer }: TestTrainer) =>
  [...(await trainer.snapshot())].map(([name, { data }]) => [name, [...data]] as const);

const run = (changes: Partial<TestRun>): Promise<TestTrainer> =>
  testTrainer({ objective: pairObjective, batches: [[good], [bad]], ...changes });

describe('a penalty before its delay is over', () => {
  const delayed = [{ weight: 1, schedule: weightScheduleSchema.parse({ delay: 0.5 }) }];
  const batches = [[bad]];

  it.each([
    ['is infinite', infinitePenalty],
    ['has an infinite gradient', steepGradient],
  ])('does not end the run where it %s, and does once it sets in', async (_, regularizer) => {
    const test = await run({ regularizers: [regularizer], weights: delayed, batches, totalSteps: 3 });
    const { readings } = await test.trainer.step(0);
    const alone = await run({ batches, totalSteps: 3 });
    const { readings: expected } = await alone.trainer.step(0);
    expect(readings).toEqual({ ...expected, [`${regularizer.key}/weight`]: 0 });
    expect((await test.trainer.policyWeights()).get('mix')).toEqual((await alone.trainer.policyWeights()).get('mix'));
    await failure(test, 1);
  });

  it('is not there, while its opponent trains', async () => {
    const test = await run({ regularizers: [criticPenalty], weights: delayed, batches: [[good]], totalSteps: 3 });
    const weight = async () => [...(await test.trainer.state.download('network/critic/parameter/weight')).data];
    const before = await weight();
    expect(Object.keys((await test.trainer.step(0)).readings)).not.toContain('critic/penalty');
    expect(await weight()).not.toEqual(before);
    expect(Object.keys((await test.trainer.step(1)).readings)).toContain('critic/penalty');
  });
});

describe('a loss that is not finite', () => {
  it('stops the step, and names it, its rows and the first bad tensor', async () => {
    const test = await run({ regularizers: [infinitePenalty] });
    await test.trainer.step(0);
    const { message } = await failure(test, 1);
    expect(message).toContain('step 2:');
    expect(message).toContain('first seen in div f32[2] in infinite');
    expect(message).toMatch(/rows of the batch: 3\./);
  });

  it('changes nothing, and holds no memory', async () => {
    const test = await run({ regularizers: [criticPenalty, infinitePenalty] });
    await test.trainer.step(0);
    const before = await values(test);
    await failure(test, 1);
    expect(await values(test)).toEqual(before);
    await test.trainer.step(2); // the good batch once more
    await test.trainer.dispose();
    expect(test.backend.live.size).toBe(0);
  });

  it('is found in a later micro-batch, whose gradients were to be added in place', async () => {
    const test = await run({ regularizers: [infinitePenalty], batches: [[good, bad], [good]] });
    const before = await values(test);
    const { message } = await failure(test, 0);
    expect(message).toContain('div f32[2] in infinite');
    expect(message).toMatch(/rows of the batch: 3\./);
    expect(await values(test)).toEqual(before);
    await test.trainer.step(1);
    await test.trainer.dispose();
    expect(test.backend.live.size).toBe(0);
  });

  it('is traced to a weight that was bad from the start', async () => {
    const policy = tinyWeights(1);
    policy.get('mix')![3] = Number.NaN;
    const { message } = await failure(await run({ policy }), 0);
    expect(message).toContain('first seen in input "policy/mix" f32[4, 4]');
  });
});

describe('a gradient that is not finite', () => {
  it('is traced to the micro-batch that made it, though only the norm at the end shows it', async () => {
    const test = await run({ regularizers: [steepGradient], batches: [[bad, good]] });
    const before = await values(test);
    const { message } = await failure(test, 0);
    expect(message).toMatch(/rows of the batch: 3\./);
    expect(message).toContain('steep');
    expect(await values(test)).toEqual(before);
  });
});
