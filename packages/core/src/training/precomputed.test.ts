import { describe, expect, it } from 'vitest';
import { precomputedValues } from './reference.ts';
import type { ReferenceRow, ReferenceRows, ReferenceStore } from './reference.ts';
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

  interface KeptRows extends ReferenceStore {
    rows: Map<number, ReferenceRow> | undefined;
    /** Numbers of the rows that were read. */
    readonly read: number[];
    open(): Promise<ReferenceRows | undefined>;
  }

  const store = (): KeptRows => ({
    rows: undefined,
    read: [],
    open() {
      const { rows, read } = this;
      return Promise.resolve(
        rows && {
          read: (row) => {
            read.push(row);
            return Promise.resolve(rows.get(row));
          },
          close: () => Promise.resolve(),
        },
      );
    },
    async save(planned) {
      this.rows = new Map();
      for (const row of planned) {
        const values = await row.compute();
        expect([row.logps, row.hiddenStates]).toEqual([values.logps.length, values.hiddenStates?.length]);
        this.rows.set(row.rowNumber, values);
      }
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

  it('is read row by row, when a step has the row', async () => {
    const kept = store();
    const settings = { precompute_ref_log_probs: true };
    const regularizers = [criticPenalty];
    const run = { objective: pairObjective, regularizers, batches, settings, referenceStore: kept };
    const { trainer } = await testTrainer(run);
    expect(kept.read).toEqual([]);
    await trainer.step(1);
    expect(kept.read).toEqual([4, 5]); // no filler row
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

  it('sends no hidden states to the device where nobody reads them', async () => {
    const inputsOf = async (regularizers: readonly RegularizerUse[]): Promise<string[]> => {
      const kept = store();
      const settings = { precompute_ref_log_probs: true };
      const run = { objective: pairObjective, regularizers, batches, settings, referenceStore: kept };
      const { trainer } = await testTrainer(run);
      const rows = (await kept.open())!;
      return [...(await precomputedValues(rows, batches[0]![0]!, trainer.options.definition)).keys()];
    };
    expect(await inputsOf([])).toEqual(['precomputed/logps']);
    expect(await inputsOf([criticPenalty])).toEqual(['precomputed/logps', 'precomputed/hiddenStates']);
  });

  it('names a row that it does not have', async () => {
    const kept = store();
    kept.rows = new Map();
    const settings = { precompute_ref_log_probs: true };
    const { trainer } = await testTrainer({ objective: pairObjective, batches, settings, referenceStore: kept });
    await expect(trainer.step(0)).rejects.toThrow('row 1 has no precomputed reference');
  });
});
