import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolvePlugins } from '../config/resolvePlugins.ts';
import { temporaryFolder } from '../testing/command.ts';
import { PluginRegistry } from './pluginRegistry.ts';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

const zod = JSON.stringify(import.meta.resolve('zod'));
const source = (name: string): string => `import { z } from ${zod};
export const plugin = {
  kind: 'regularizer', name: '${name}', description: 'nothing', config: z.strictObject({}), needs: () => [],
  penalty: () => { throw new Error('not called here'); },
};`;

/** Puts an npm package beside a config: its package.json, and files by their paths. */
async function install(name: string, manifest: object, files: Readonly<Record<string, string>>): Promise<void> {
  const home = join(folder, 'node_modules', name);
  const all = { 'package.json': JSON.stringify({ name, type: 'module', ...manifest }), ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  }
}

const load = (name: string) => new PluginRegistry(folder).load(name);

describe('a plugin of an npm package', () => {
  test.each<[string, object]>([
    ['main', { main: 'lib/index.js' }],
    ['import-only', { exports: { import: './lib/index.js' } }],
    ['conditional', { exports: { '.': { types: './lib/index.d.ts', import: './lib/index.js' } } }],
    ['@scope/conditional', { exports: { '.': { default: './lib/index.js' } } }],
  ])('is found where the package is %s', async (name, manifest) => {
    await install(name, manifest, { 'lib/index.js': source(name) });
    expect((await load(name)).name).toBe(name);
  });

  test('is found by a path that the package exports, and refused by one that it does not', async () => {
    await install('several', { exports: { './one': './one.js' } }, { 'one.js': source('one') });
    expect((await load('several/one')).name).toBe('one');
    await expect(load('several/two')).rejects.toThrow(
      /the package "several\/two" is installed, but cannot be used: .*'.\/two'/,
    );
    await expect(load('several')).rejects.toThrow('the package "several" is installed, but cannot be used');
  });

  test('is told to lack the file that its package.json names', async () => {
    await install('unbuilt', { exports: { import: './dist/index.js' } }, {});
    await expect(load('unbuilt')).rejects.toThrow(/"unbuilt" (is installed, but )?cannot be .*dist/);
  });

  test('is told not to be there, with what may be meant', async () => {
    await expect(load('ganpoo')).rejects.toThrow(/there is no plugin "ganpoo".*did you mean "ganpo"/);
    await expect(new PluginRegistry(folder).get('regularizer', 'cuda')).rejects.toThrow(
      /no regularizer "cuda".*did you mean "cka"/,
    );
    await expect(load('./nowhere')).rejects.toThrow('there is no plugin "./nowhere"');
  });
});

test('of a name that is not there, only what is of the kind that is needed is told', async () => {
  const registry = new PluginRegistry(folder);
  const reason = (promise: Promise<unknown>) => promise.then(String, String);
  const cuda = await reason(registry.get('backend', 'cuda')); // near to "cka", a regularizer
  expect(cuda).toMatch(
    /there is no backend "cuda".*; shipped: reference, onnxruntime, tfjs, xla \(npx tether backends/,
  );
  const far = await reason(registry.get('objective', 'unheard-of'));
  expect(far).toContain('shipped: dpo, ');
  for (const other of ['kl', 'onnxruntime']) expect(far).not.toMatch(new RegExp(`\\b${other}\\b`));
});

test('regularizers that are used more than once have names of their own, whatever others are called', async () => {
  await install('kl2', { exports: './index.js' }, { 'index.js': source('kl2') });
  const use = (name: string) => ({ name, options: {}, weight: 1, schedule: { start: 1, end: 1, delay: 0 } });
  const plain = (name: string) => ({ name, options: {} });
  const { regularizers } = await resolvePlugins(new PluginRegistry(folder), 'run.yaml', {
    objective: plain('dpo'),
    backend: plain('reference'),
    regularizers: [use('kl'), use('kl'), use('kl2'), use('kl')],
  });
  expect(regularizers.map(({ key }) => key)).toEqual(['kl', 'kl2', 'kl22', 'kl3']);
});
