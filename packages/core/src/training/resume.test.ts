import { describe, expect, it } from 'vitest';
import type { HostTensor } from '../contracts/index.ts';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, divergencePenalty, pairObjective } from '../testing/plugins.ts';
import { tinyWeights } from '../testing/tinyModel.ts';
import { testTrainer, type TestRun, type TestTrainer } from '../testing/trainers.ts';
import { runLoop, totalSteps } from './loop.ts';

const run: TestRun = {
  objective: pairObjective,
  regularizers: [criticPenalty, { ...criticPenalty, key: 'critic2' }, divergencePenalty],
  batches: [
    [pairBatch(PAIRS.slice(0, 2)), pairBatch(PAIRS.slice(2, 4))],
    [pairBatch(PAIRS.slice(4, 6)), pairBatch([PAIRS[0]!, null])],
  ],
  settings: { learning_rate: 0.05, lr_scheduler_type: 'cosine', warmup_ratio: 0.2 },
  totalSteps: 5,
};

const readings = async ({ trainer }: TestTrainer, from: number, to: number) => {
  const all: Readonly<Record<string, number>>[] = [];
  for (let step = from; step < to; step++) all.push((await trainer.step(step)).readings);
  return all;
};

/** Every value of a snapshot, exactly. */
const exact = (snapshot: ReadonlyMap<string, HostTensor>) =>
  Object.fromEntries([...snapshot].map(([name, { shape, data }]) => [name, { shape, data: [...data] }]));

describe('a run put back from a snapshot', () => {
  it('goes on bit for bit, with opponents, running state and accumulation', async () => {
    const straight = await testTrainer(run);
    await readings(straight, 0, 2);
    const snapshot = await straight.trainer.snapshot();
    const rest = await readings(straight, 2, 5);

    const resumed = await testTrainer(run);
    await resumed.trainer.restore(snapshot);
    expect(await readings(resumed, 2, 5)).toEqual(rest);
    expect(exact(await resumed.trainer.snapshot())).toEqual(exact(await straight.trainer.snapshot()));
  });

  it('keeps what steps change, and neither the reference nor gradients', async () => {
    const { trainer } = await testTrainer(run);
    await trainer.step(0);
    const names = [...(await trainer.snapshot()).keys()];
    expect(names).toContain('policy/mix');
    expect(names).toContain('secondMoment/mix');
    expect(names).toContain('network/critic2/state/mean');
    expect(names).toContain('network/critic/firstMoment/weight');
    expect(names.filter((name) => /reference|gradient/.test(name))).toEqual([]);
  });

  it('needs no frozen weights to go on bit for bit: they are the model’s', async () => {
    const adapterLike = { ...run, frozen: ['embedding', 'output'] };
    const straight = await testTrainer(adapterLike);
    await readings(straight, 0, 2);
    const snapshot = await straight.trainer.snapshot();
    expect([...snapshot.keys()].filter((name) => name.startsWith('policy/'))).toEqual([
      'policy/positions',
      'policy/mix',
    ]);
    const rest = await readings(straight, 2, 5);
    const resumed = await testTrainer(adapterLike);
    await resumed.trainer.restore(snapshot);
    expect(await readings(resumed, 2, 5)).toEqual(rest);
    expect(exact(await resumed.trainer.policyWeights())).toEqual(exact(await straight.trainer.policyWeights()));

    // Snapshots used to hold them.
    for (const name of ['embedding', 'output']) {
      snapshot.set(`policy/${name}`, await straight.trainer.state.download(`policy/${name}`));
    }
    const old = await testTrainer(adapterLike);
    await old.trainer.restore(snapshot);
    expect(await readings(old, 2, 5)).toEqual(rest);
  });

  it('is refused with everything that does not fit', async () => {
    const { trainer } = await testTrainer(run);
    const before = exact(await trainer.snapshot());
    const snapshot = await trainer.snapshot();
    snapshot.delete('policy/mix');
    snapshot.set('stray', { dtype: 'f32', shape: [], data: Float32Array.of(1) });
    snapshot.set('network/critic/state/mean', { dtype: 'f32', shape: [2], data: Float32Array.of(1, 2) });
    const refused = trainer.restore(snapshot);
    await expect(refused).rejects.toThrow(
      'missing policy/mix; unknown stray; network/critic/state/mean is [2] instead of []',
    );
    expect(exact(await trainer.snapshot())).toEqual(before);
  });
});

describe('frozen parameters', () => {
  it('do not move, have no moments, and are shared with the reference', async () => {
    const { trainer } = await testTrainer({ ...run, frozen: ['embedding'] });
    await trainer.step(0); // the warm-up's first rate is 0
    await trainer.step(1);
    const weights = await trainer.policyWeights();
    expect([...weights.get('embedding')!.data]).toEqual([...tinyWeights(1).get('embedding')!]);
    expect([...weights.get('mix')!.data]).not.toEqual([...tinyWeights(1).get('mix')!]);
    expect(trainer.state.has('firstMoment/embedding')).toBe(false);
    expect(trainer.state.has('reference/embedding')).toBe(false);
    expect(trainer.state.has('reference/mix')).toBe(true);
  });
});

describe('the loop', () => {
  const clock = () => 0;

  it('evaluates and saves when due, and after the last step', async () => {
    const { trainer } = await testTrainer({ ...run, settings: { eval_steps: 2, save_steps: 3 } });
    const events: string[] = [];
    const result = await runLoop(
      trainer,
      { firstStep: 0, clock },
      {
        onStep: ({ step }) => void events.push(`step ${step}`),
        onEvaluate: async (completed) => void events.push(`evaluate ${completed}`),
        onSave: async (completed) => void events.push(`save ${completed}`),
      },
    );
    expect(events).toEqual([
      'step 1',
      'step 2',
      'evaluate 2',
      'step 3',
      'save 3',
      'step 4',
      'evaluate 4',
      'step 5',
      'evaluate 5',
      'save 5',
    ]);
    expect(result).toEqual({ completedSteps: 5, interrupted: false });
  });

  it('finishes the step under way and saves when it is asked to stop', async () => {
    const { trainer } = await testTrainer(run);
    const stop = new AbortController();
    const saved: number[] = [];
    const result = await runLoop(
      trainer,
      { firstStep: 1, signal: stop.signal, clock },
      {
        onStep: ({ step }) => {
          if (step === 3) stop.abort();
        },
        onSave: async (completed) => void saved.push(completed),
      },
    );
    expect(result).toEqual({ completedSteps: 3, interrupted: true });
    expect(saved).toEqual([3]);
  });

  it('counts steps by epochs, unless max_steps is given', () => {
    expect(totalSteps({ num_train_epochs: 1.5 }, 5)).toBe(8);
    expect(totalSteps({ num_train_epochs: 0.01 }, 5)).toBe(1);
    expect(totalSteps({ num_train_epochs: 3, max_steps: 2 }, 5)).toBe(2);
  });
});
