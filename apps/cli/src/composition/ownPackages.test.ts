import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';

const EXAMPLE = join(import.meta.dirname, '../../../../examples/plugins/latent-l2');

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

test('a plugin outside the clone, with no packages of its own, trains', async () => {
  for (const file of ['index.ts', 'package.json']) await cp(join(EXAMPLE, file), join(folder, 'mine', file));
  const training = { ...TINY.training, gradient_accumulation_steps: 1, max_steps: 1 };
  await writeConfig(folder, 'run.yaml', { ...TINY, regularizers: ['./mine'], training });
  const run = await tether(['train', 'run.yaml', '--output', 'trained', '--quiet'], folder);
  expect(run).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, 'trained/metrics.jsonl'), 'utf8')).toContain('"latent-l2/distance"');
}, 120_000);

test('a package that the plugin’s folder has itself is what it gets', async () => {
  const own = join(folder, 'own/node_modules/@tether/graph');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  await writeFile(join(own, 'index.js'), `export const origin = 'of its own';`);
  const plugin = `import { z } from 'zod';
    import { origin } from '@tether/graph';
    export const plugin = { kind: 'regularizer', name: 'own', description: origin, config: z.strictObject({}) };`;
  await writeFile(join(folder, 'own/index.ts'), plugin);
  const { code, stdout } = await tether(['plugins', './own/index.ts'], folder);
  expect(stdout).toContain('of its own');
  expect(code).toBe(0);
}, 60_000);

test('another package that is missing is told as ever', async () => {
  await writeFile(join(folder, 'lacking.ts'), `import 'left-behind';`);
  const { code, stderr } = await tether(['plugins', './lacking.ts'], folder);
  expect(stderr).toContain(`Cannot find package 'left-behind' imported from ${join(folder, 'lacking.ts')}`);
  expect(code).not.toBe(0);
}, 60_000);
