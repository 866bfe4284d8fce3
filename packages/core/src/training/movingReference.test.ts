import { describe, expect, it } from 'vitest';
import { names } from '../step/index.ts';
import { pairBatch, PAIRS } from '../testing/batches.ts';
import { pairObjective, tokenObjective } from '../testing/plugins.ts';
import { tinyModel } from '../testing/tinyModel.ts';
import { testTrainer, type TestRun } from '../testing/trainers.ts';
import { trainingSchema } from './settings.ts';
import type { Trainer } from './trainer.ts';

const SYNC = { sync_ref_model: true, ref_model_mixup_alpha: 0.25, ref_model_sync_steps: 2 };

const run = (settings: object = SYNC): TestRun => ({
  objective: pairObjective,
  batches: [[pairBatch(PAIRS.slice(0, 3))], [pairBatch(PAIRS.slice(3))]],
  settings: { ...settings },
});

const valuesOf = async ({ state }: Trainer, name: string): Promise<number[]> =>
  Array.from((await state.download(name)).data);

const MOVING = names.movingReference('mix');
const POLICY = names.policy('mix');

describe('a reference that follows the policy', () => {
  it('takes in its share of the policy after every ref_model_sync_steps steps, and is still in between', async () => {
    const { trainer } = await testTrainer(run());
    const start = await valuesOf(trainer, MOVING);
    await trainer.step(0);
    expect(await valuesOf(trainer, MOVING)).toEqual(start);
    await trainer.step(1);
    const policy = await valuesOf(trainer, POLICY);
    const moved = await valuesOf(trainer, MOVING);
    moved.forEach((value, at) => expect(value).toBeCloseTo(0.25 * policy[at]! + 0.75 * start[at]!, 14));
    await trainer.step(2);
    expect(await valuesOf(trainer, MOVING)).toEqual(moved);
  });

  it('leaves the reference that the run began with alone, which evaluations measure against', async () => {
    const { trainer } = await testTrainer(run());
    const before = await valuesOf(trainer, names.reference('mix'));
    await trainer.step(0);
    await trainer.step(1);
    expect(await valuesOf(trainer, names.reference('mix'))).toEqual(before);
  });

  it('changes what the steps after it learn, and nothing before', async () => {
    const [moving, fixed] = await Promise.all([testTrainer(run()), testTrainer(run({}))]);
    const losses = async ({ trainer }: typeof moving): Promise<number[]> => {
      const found: number[] = [];
      for (const step of [0, 1, 2]) found.push((await trainer.step(step)).readings['loss']!);
      return found;
    };
    const [withSync, without] = [await losses(moving), await losses(fixed)];
    expect(withSync.slice(0, 2)).toEqual(without.slice(0, 2));
    expect(withSync[2]).not.toBeCloseTo(without[2]!, 3);
  });

  it('is the policy itself where α is 1: rewards are 0 in the next step', async () => {
    const { trainer } = await testTrainer(run({ ...SYNC, ref_model_mixup_alpha: 1, ref_model_sync_steps: 1 }));
    await trainer.step(0);
    const { readings } = await trainer.step(1);
    expect(readings['loss']).toBeCloseTo(Math.log(2), 12);
    expect(readings['rewards/margins']).toBeCloseTo(0, 12);
  });

  it('is part of a checkpoint', async () => {
    const { trainer } = await testTrainer(run());
    for (const step of [0, 1]) await trainer.step(step);
    const snapshot = await trainer.snapshot();
    const uninterrupted = (await trainer.step(2)).readings['loss'];
    const resumed = await testTrainer(run());
    await resumed.trainer.restore(snapshot);
    expect((await resumed.trainer.step(2)).readings['loss']).toBe(uninterrupted);
  });
});

describe('a reference that cannot move is refused', () => {
  it('where it is precomputed', () => {
    const { error } = trainingSchema.safeParse({ ...SYNC, precompute_ref_log_probs: true });
    expect(error?.issues).toMatchObject([{ path: ['sync_ref_model'] }]);
  });

  it('where nothing looks at it', async () => {
    await expect(testTrainer({ ...run(), objective: tokenObjective })).rejects.toThrow(
      'no plugin of this run looks at',
    );
  });

  it('where it has none of the trained parameters', async () => {
    const frozen = tinyModel().parameters.map(({ name }) => name);
    await expect(testTrainer({ ...run(), frozen })).rejects.toThrow('without its adapter');
  });
});
