import { syntheticPairs } from '@tether/data';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';

const RUN = {
  name: 'unpaired',
  model: { path: 'made/model' },
  data: { files: 'unpaired.jsonl', eval_fraction: 0.2 },
  objective: 'kto',
  regularizers: ['kl', 'nll'],
  training: { ...TINY.training, max_steps: 4 },
  evaluation: TINY.evaluation,
};

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  await writeConfig(folder, 'pretrain.yaml', { ...TINY, regularizers: ['none'], training: { max_steps: 1 } });
  const rows = syntheticPairs({ seed: 1, count: 60, labelNoise: 0.1 }).map(({ prompt, completions }, index) => {
    const label = index % 3 !== 0;
    return JSON.stringify({ prompt, completion: completions[label ? 0 : 1], label });
  });
  await writeConfig(folder, 'unpaired.jsonl', rows.join('\n'));
  await writeConfig(folder, 'run.yaml', RUN);
  const made = await tether(['train', 'pretrain.yaml', '--output', 'made', '--quiet'], folder);
  expect(made.code, made.stderr).toBe(0);
});
afterAll(() => remove());

interface Reading {
  readonly [name: string]: number;
}

async function readingsOf(run: string): Promise<Reading[]> {
  const lines = (await readFile(join(folder, run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Reading);
}

let refusals = 0;
/** What is said where a plugin cannot use the rows. */
async function refusal(...changes: readonly string[]): Promise<string> {
  const sets = changes.flatMap((change) => ['--set', change]);
  const { code, stderr } = await tether(
    ['train', 'run.yaml', '--output', `refused-${refusals++}`, '--quiet', ...sets],
    folder,
  );
  expect(code).not.toBe(0);
  return stderr;
}

describe('unpaired data', () => {
  test('trains with KTO: metrics of each side, and measurements of how well the sides are told apart', async () => {
    for (const objective of ['kto', 'apo_zero_unpaired']) {
      const run = ['train', 'run.yaml', '--set', `objective=${objective}`, '--output', objective, '--quiet'];
      const { code, stderr } = await tether(run, folder);
      expect(code, stderr).toBe(0);
      const readings = await readingsOf(objective);
      const names = new Set(readings.flatMap((reading) => Object.keys(reading)));
      for (const name of ['rewards/chosen', 'rewards/rejected', 'rewards/margins', 'logps/chosen', 'logps/rejected']) {
        expect(names).toContain(name);
      }
      expect(names).not.toContain('rewards/accuracies'); // there are no pairs
      expect(readings[0]!['objective/loss']).toBeCloseTo(0.5, 6); // policy = reference: 1 − σ(0) of every completion
      const { measurements } = JSON.parse(await readFile(join(folder, objective, 'result.json'), 'utf8')) as {
        measurements: { metric: string; value?: number }[];
      };
      const metrics = measurements.map(({ metric }) => metric);
      expect(metrics).toEqual(expect.arrayContaining(['loss', 'rewardSeparation', 'chosenGain', 'rejectedGain', 'kl']));
      expect(metrics).not.toContain('rewardAccuracy');
    }
  });

  test('does not change with where its tokens are kept', async () => {
    const run = ['train', 'run.yaml', '--set', 'data.in_memory_mib=0', '--output', 'streamed', '--quiet'];
    const { code, stderr } = await tether(run, folder);
    expect(code, stderr).toBe(0);
    const losses = async (name: string) => (await readingsOf(name)).map(({ loss }) => loss);
    expect(await losses('streamed')).toEqual(await losses('kto'));
  });

  test('is refused by the name of what needs pairs, with the row', async () => {
    expect(await refusal('objective=dpo')).toMatch(
      /the data is unpaired \(row \d+ of .*unpaired\.jsonl is the first .*\), but dpo needs pairs/,
    );
    expect(await refusal('objective=sft')).toContain('but sft needs pairs');
    expect(await refusal('regularizers=[{name: ganpo, width: 16, heads: 2, max_positions: 64}]')).toContain(
      'but ganpo needs pairs',
    );
    expect(await refusal('training.per_device_train_batch_size=1')).toContain('per_device_train_batch_size to 2');
  });

  test('is shown by data check and data show', async () => {
    const check = await tether(['data', 'check', 'run.yaml'], folder);
    expect(check.code, check.stderr).toBe(0);
    expect(check.stdout).toContain('completions: 40 chosen (label true), 20 rejected (label false)');
    const show = await tether(['data', 'show', 'run.yaml', '--row', '1'], folder);
    expect(show.code, show.stderr).toBe(0);
    expect(show.stdout).toMatch(/rejected: \d+ tokens, positions/);
    expect(show.stdout).toContain('prompt | rejected;');
  });

  test('is compared', async () => {
    await writeConfig(folder, 'compare.yaml', {
      ...RUN,
      compare: {
        seeds: [1, 2],
        arms: [
          { name: 'plain', regularizers: ['none'] },
          { name: 'kl', regularizers: ['kl'] },
        ],
      },
    });
    const compared = await tether(['compare', 'compare.yaml', '--output', 'compared', '--quiet'], folder);
    expect(compared.code, compared.stderr).toBe(0);
    expect(compared.stdout).toContain('Reward separation');
  });
});
