import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arm, Measurement } from '@tether/compare';
import { dataConfigSchema, loadDataset, syntheticTokenizer, type DataReport } from '@tether/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/command.ts';
import { collectComparison } from './collect.ts';

let folder: string;
let remove: () => Promise<void>;

const MEASUREMENTS: readonly Measurement[] = [
  { metric: 'loss', split: 'heldout', value: 0.5 },
  { metric: 'rewardAccuracy', split: 'heldout', perPrompt: { prompts: ['row 1', 'row 2'], values: [1, 0] } },
];
const RESULT = { measurements: MEASUREMENTS, samples: [], curves: {}, frontier: [] };
const COST = { seconds: 1, secondsPerStep: 1, tokensPerSecond: 1, peakMemoryBytes: 1 };

/** Lengths as of rows of completions alone: a start token is no prompt. */
const withoutPrompt = (of: DataReport['lengths'][number]) =>
  of.part === 'prompt' ? { ...of, statistics: { ...of.statistics, max: 1 } } : of;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  const data = dataConfigSchema.parse({ synthetic: { rows: 'pairs', count: 8, eval_count: 2 } });
  const { report } = await loadDataset(data, syntheticTokenizer);
  const plain = { ...report, lengths: report.lengths.map(withoutPrompt) };
  const files: Record<string, object> = {
    'plain/result.json': RESULT,
    'plain/data-report.json': plain,
    'plain/run.json': {},
    'before/result.json': RESULT,
    'before/data-report.json': report,
    'before/run.json': { evaluationPromptsPassedOver: 3 },
    'a/result.json': { ...RESULT, cost: COST },
    'b/result.json': { ...RESULT, cost: COST },
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), JSON.stringify(content));
  }
});
afterAll(() => remove());

const collect = (...objectives: readonly object[]) => collectFrom('before', objectives);

const collectFrom = (before: string, objectives: readonly object[]) =>
  collectComparison({
    name: 'test',
    arms: objectives.map((objective, index): Arm => ({ name: 'ab'[index]!, config: { objective } })),
    seeds: [0],
    runs: objectives.map((_, index) => ({ arm: 'ab'[index]!, seed: 0, folder: join(folder, 'ab'[index]!) })),
    before: join(folder, before),
    facts: {},
    createdAt: '2026-01-01T00:00:00.000Z',
  });
const metricsOf = (measurements: readonly Measurement[]): string[] => measurements.map(({ metric }) => metric);

describe('what runs leave for the statistics', () => {
  it('has the losses of arms that minimize the same', async () => {
    const { metrics, runs, before } = await collect({ name: 'dpo', beta: 0.1 }, { name: 'dpo', beta: 0.1 });
    expect(metrics.map(({ id }) => id)).toEqual(['rewardAccuracy', 'loss']);
    expect(runs.map(({ measurements }) => metricsOf(measurements))).toEqual([
      ['loss', 'rewardAccuracy'],
      ['loss', 'rewardAccuracy'],
    ]);
    expect(metricsOf(before!)).toContain('loss');
  });

  it('is of prompts, and of rows where there are none', async () => {
    expect((await collect({ name: 'dpo' })).unit).toBe('prompt');
    expect((await collectFrom('plain', [{ name: 'dpo' }])).unit).toBe('row');
  });

  it('leaves out losses of different objectives, which say nothing beside each other', async () => {
    const { metrics, runs, before } = await collect({ name: 'dpo', beta: 0.1 }, { name: 'dpo', beta: 0.5 });
    expect(metrics.map(({ id }) => id)).toEqual(['rewardAccuracy']);
    for (const measurements of [...runs.map((run) => run.measurements), before!]) {
      expect(metricsOf(measurements)).toEqual(['rewardAccuracy']);
    }
  });

  it('tells how many prompts no answer was sampled for', async () => {
    const { dataReport } = await collect({ name: 'dpo' });
    expect(dataReport).toContain('prompts of the evaluation passed over, since they leave no room for an answer: 3');
  });
});
