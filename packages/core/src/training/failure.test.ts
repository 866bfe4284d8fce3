import { describe, expect, it } from 'vitest';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, pairObjective } from '../testing/plugins.ts';
import { testTrainer, type TestRun } from '../testing/trainers.ts';

/** Two micro-batches a step, so that gradients are added in place, and a reference that moves in place. */
const run: TestRun = {
  objective: pairObjective,
  regularizers: [criticPenalty],
  batches: [[pairBatch(PAIRS.slice(0, 2)), pairBatch(PAIRS.slice(2, 4))]],
  settings: { sync_ref_model: true, ref_model_sync_steps: 1 },
};
const step = `step ${pairBatch(PAIRS.slice(0, 2)).shape.rows}×${pairBatch(PAIRS.slice(0, 2)).shape.rowLength}`;

describe.each([step, 'update', 'reference sync'])('an engine that fails at the %s', (label) => {
  it('is told by its own message when it cannot run it, and all that is left is given back', async () => {
    const { trainer, backend } = await testTrainer({ ...run, failures: { failingRuns: label } });
    await expect(trainer.step(0)).rejects.toThrow(`${label}: no memory`);
    await trainer.dispose();
    expect([...backend.live]).toEqual([]);
  });

  it('is told by its own message when it cannot compile it, and all that is left is given back', async () => {
    const { trainer, backend } = await testTrainer({ ...run, failures: { failingCompiles: label } });
    await expect(trainer.step(0)).rejects.toThrow(`${label}: no such operation`);
    await trainer.dispose();
    expect([...backend.live]).toEqual([]);
  });
});

it('keeps regularizers apart from the tensors of the run, whatever they are called', async () => {
  const named = (key: string): TestRun => ({ ...run, regularizers: [{ ...criticPenalty, key }] });
  const expected = await testTrainer(named('critic'));
  await expected.trainer.step(0);
  const kept = [...(await expected.trainer.snapshot()).keys()];
  for (const key of ['gradient', 'reference', 'policy']) {
    const { trainer } = await testTrainer(named(key));
    await trainer.step(0);
    const names = [...(await trainer.snapshot()).keys()];
    expect(names).toEqual(kept.map((name) => name.replace('network/critic/', `network/${key}/`)));
  }
});
