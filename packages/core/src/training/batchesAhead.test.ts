import { describe, expect, it } from 'vitest';
import { pairBatch, PAIRS } from '../testing/batches.ts';
import { pairObjective } from '../testing/plugins.ts';
import { testTrainer } from '../testing/trainers.ts';
import { BatchesAhead } from './batchesAhead.ts';
import { Trainer } from './trainer.ts';

const batch = pairBatch(PAIRS.slice(0, 2));

/** A source that writes down which steps it made batches of, and has none from step `end` on. */
function recordingSource(end = Infinity) {
  const made: number[] = [];
  const microBatches = (step: number) => {
    if (step >= end) throw new Error(`row ${step + 1} cannot be read`);
    made.push(step);
    return [batch];
  };
  return { made, source: { stepsPerEpoch: 3, microBatches, everyRow: () => [batch] } };
}

describe('batches made ahead', () => {
  it('are made once, before their step, which takes them as they are', async () => {
    const { made, source } = recordingSource();
    const ahead = new BatchesAhead(source);
    await ahead.prepare(4);
    expect(made).toEqual([4]);
    expect(ahead.take(4)).toEqual([batch]);
    expect(made).toEqual([4]);
  });

  it('are made anew for a step that nobody prepared', async () => {
    const { made, source } = recordingSource();
    const ahead = new BatchesAhead(source);
    await ahead.prepare(4);
    expect(ahead.take(7)).toEqual([batch]);
    expect(made).toEqual([4, 7]);
  });

  it('leave the caller the time to start its work before they are made', async () => {
    const { made, source } = recordingSource();
    const prepared = new BatchesAhead(source).prepare(0);
    for (let turn = 0; turn < 100; turn++) await Promise.resolve(); // as many awaits as uploads take
    expect(made).toEqual([]);
    await prepared;
    expect(made).toEqual([0]);
  });

  it('that cannot be made fail the step that needs them, not the one under way', async () => {
    const ahead = new BatchesAhead(recordingSource(1).source);
    await ahead.prepare(1);
    expect(ahead.take(0)).toEqual([batch]);
    await ahead.prepare(1);
    expect(() => ahead.take(1)).toThrow('row 2 cannot be read');
  });

  it('are ready when a training step ends, and none is made beyond the last step', async () => {
    const { made, source } = recordingSource();
    const { options } = (await testTrainer({ objective: pairObjective, batches: [[batch]] })).trainer;
    const trainer = await Trainer.create({ ...options, batches: source, totalSteps: 2 });
    await trainer.step(0);
    expect(made).toEqual([0, 1]);
    await trainer.step(1);
    expect(made).toEqual([0, 1]);
  });
});
