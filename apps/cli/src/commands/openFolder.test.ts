import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../config/parseConfig.ts';
import { temporaryFolder } from '../testing/command.ts';
import { openFolder } from './openFolder.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

const started = { model: { path: 'model' }, data: { files: ['a.jsonl'] }, training: { max_steps: 8, seed: 1 } };
const loaded = (changes: object) => parseConfig(join(folder, 'run.yaml'), { ...started, ...changes });

test('a run is continued with the config that it was started with, in whatever order that is written', async () => {
  await openFolder(loaded({}), { output: join(folder, 'run') });
  const again = await openFolder(loaded({ training: { seed: 1, max_steps: 8 } }), { resume: join(folder, 'run') });
  expect(again.loaded.config).toEqual(loaded({}).config);
});

test('a run that was started with another config is not continued, and what differs is told', async () => {
  await openFolder(loaded({}), { output: join(folder, 'other') });
  const training = { max_steps: 8, seed: 2, learning_rate: 1, warmup_ratio: 0.1, weight_decay: 0.1, save_steps: 2 };
  const changed = loaded({ training, backend: 'reference' });
  const refused = openFolder(changed, { resume: join(folder, 'other') }).then(String, String);
  const [first, ...lines] = (await refused).split('\n');
  expect(first).toMatch(/other was started with another config than .*run\.yaml .*; see its config\.json:$/);
  expect(lines).toEqual([
    '  training.seed: was 1, is 2',
    '  training.learning_rate: was not there, is 1',
    '  training.warmup_ratio: was not there, is 0.1',
    '  training.weight_decay: was not there, is 0.1',
    '  training.save_steps: was not there, is 2',
    '  and 1 more',
  ]);
});
