import { syntheticPairs } from '@tether/data';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  await writeConfig(folder, 'pretrain.yaml', { ...TINY, regularizers: ['none'], training: { max_steps: 1 } });
  const pairs = syntheticPairs({ seed: 1, count: 80, labelNoise: 0.1 }).map(({ prompt, completions }) =>
    JSON.stringify({ prompt, chosen: completions[0], rejected: completions[1] }),
  );
  await writeConfig(folder, 'pairs.jsonl', pairs.join('\n'));
  await writeConfig(folder, 'run.yaml', {
    name: 'large',
    model: { path: 'made/model' },
    data: { files: 'pairs.jsonl', eval_fraction: 0.2 },
    objective: 'dpo',
    regularizers: ['kl'],
    training: { ...TINY.training, precompute_ref_log_probs: true, max_steps: 4 },
    evaluation: TINY.evaluation,
  });
});
afterAll(() => remove());

test('training on data that does not stay in memory is the same training, on tokens made once', async () => {
  const made = await tether(['train', 'pretrain.yaml', '--output', 'made', '--quiet'], folder);
  expect(made.code, made.stderr).toBe(0);
  const inMemory = await tether(['train', 'run.yaml', '--output', 'small', '--quiet'], folder);
  expect(inMemory.code, inMemory.stderr).toBe(0);
  const onDisk = ['train', 'run.yaml', '--set', 'data.in_memory_mib=0', '--quiet'];
  const streamed = await tether([...onDisk, '--output', 'streamed'], folder);
  expect(streamed.code, streamed.stderr).toBe(0);
  for (const file of ['metrics.jsonl', 'data-report.json']) {
    expect(await readFile(join(folder, 'streamed', file), 'utf8')).toBe(
      await readFile(join(folder, 'small', file), 'utf8'),
    );
  }
  const cached = await readdir(join(folder, 'streamed', 'cache'));
  const tokens = cached.filter((name) => name.startsWith('tokens-'));
  expect(tokens).toHaveLength(2); // training and evaluation rows, of one process: the run did not make them again
  expect(new Set(tokens.map((name) => name.split('-')[2])).size).toBe(1);
  expect((await readdir(folder)).filter((name) => name.startsWith('.tether-data-'))).toEqual([]);
});
