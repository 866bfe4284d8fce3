import { describe, expect, it } from 'vitest';
import type { ReferenceRow, ReferenceStore } from './reference.ts';
import type { RegularizerUse } from '../step/index.ts';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, divergencePenalty, pairObjective, tokenObjective } from '../testing/plugins.ts';
import { testTrainer, type TestRun } from '../testing/trainers.ts';

const batches = [[pairBatch(PAIRS.slice(0, 3))], [pairBatch([...PAIRS.slice(3, 5), null])]];

/** Rows are kept as float32, whose roundoff is 6e-8; a handful of such errors add up in a loss of about 1. */
const STORED = 1e-6;

async function losses(run: Omit<TestRun, 'batches'>, precompute: boolean): Promise<Record<string, number>[]> {
  const { trainer } = await testTrainer({
    ...run,
    batches,
    settings: { precompute_ref_log_probs: precompute, learning_rate: 1e-3 },
  });
  const readings: Record<string, number>[] = [];
  for (let step = 0; step < 4; step++) readings.push((await trainer.step(step)).readings);
  await trainer.dispose();
  return readings;
}

describe('a precomputed reference', () => {
  it.each([
    ['log-probabilities', { objective: pairObjective }],
    [
      'predictor states, with the reference’s own head',
      { objective: tokenObjective, regularizers: [divergencePenalty] },
    ],
    ['latents', { objective: pairObjective, regularizers: [criticPenalty] }],
    ['everything', { objective: pairObjective, regularizers: [divergencePenalty, criticPenalty] }],
  ] satisfies [string, Omit<TestRun, 'batches'>][])('gives what the inline one gives: %s', async (_, run) => {
    const [inline, precomputed] = [await losses(run, false), await losses(run, true)];
    inline.forEach((readings, step) => {
      expect(Object.keys(precomputed[step]!)).toEqual(Object.keys(readings));
      for (const [name, value] of Object.entries(readings)) {
        expect(Math.abs(precomputed[step]![name]! - value), name).toBeLessThanOrEqual(STORED * Math.max(1, value));
      }
    });
  });

  const store = (): ReferenceStore & { rows: ReadonlyMap<number, ReferenceRow> | undefined } => ({
    rows: undefined,
    load() {
      return Promise.resolve(this.rows);
    },
    save(rows) {
      this.rows = rows;
      return Promise.resolve();
    },
  });

  it('is kept, and read again instead of computed', async () => {
    const kept = store();
    const run: TestRun = {
      objective: pairObjective,
      batches,
      settings: { precompute_ref_log_probs: true },
      referenceStore: kept,
    };
    const first = await testTrainer(run);
    expect(first.backend.labels.filter((label) => label.startsWith('reference'))).toHaveLength(1);
    expect([...kept.rows!.keys()]).toEqual([1, 2, 3, 4, 5]); // no filler row
    const second = await testTrainer(run);
    expect(second.backend.labels.filter((label) => label.startsWith('reference'))).toHaveLength(0);
    expect((await second.trainer.step(0)).readings).toEqual((await first.trainer.step(0)).readings);
  });

  it('holds hidden states only where a plugin reads them', async () => {
    const statesOf = async (regularizers: readonly RegularizerUse[]): Promise<boolean> => {
      const kept = store();
      const settings = { precompute_ref_log_probs: true };
      await testTrainer({ objective: pairObjective, regularizers, batches, settings, referenceStore: kept });
      return kept.rows!.get(1)!.hiddenStates !== undefined;
    };
    expect(await statesOf([])).toBe(false);
    expect(await statesOf([criticPenalty])).toBe(true);
  });

  it('names a row that it does not have', async () => {
    const kept = store();
    kept.rows = new Map();
    const settings = { precompute_ref_log_probs: true };
    const { trainer } = await testTrainer({ objective: pairObjective, batches, settings, referenceStore: kept });
    await expect(trainer.step(0)).rejects.toThrow('row 1 has no precomputed reference');
  });
});
