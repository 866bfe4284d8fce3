import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { temporaryFolder, tether, TINY, writeConfig } from '../testing/command.ts';
import { ROOT } from './workspace.ts';

const EXAMPLE = join(ROOT, 'examples/plugins/latent-l2');
const DOCUMENT = join(ROOT, 'docs/write-a-regularizer.md');

const read = (name: string): string => readFileSync(join(EXAMPLE, name), 'utf8');

/** A shell's environment, without what this test's own vitest has put there. */
const PLAIN = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))),
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
};

// Registers the example's own tests here: it lies outside the workspace, as a user's plugin does.
await import(join(EXAMPLE, 'latent-l2.test.ts'));

describe('docs/write-a-regularizer.md', () => {
  test.each(['index.ts', 'package.json', 'latent-l2.test.ts'])('shows the example’s %s as it is', (name) => {
    const blocks = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^```\w+\n(.*?)^```/gms)].map(([, block]) => block);
    expect(blocks).toContain(read(name));
  });

  test('keeps its promise of a short plugin', () => {
    const code = read('index.ts')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(code.length).toBeLessThanOrEqual(35);
  });

  test('tells a command that runs the plugin’s test inside the clone and outside of it', async () => {
    const told = /^npx vitest (.*) examples\/plugins\/latent-l2$/m.exec(readFileSync(DOCUMENT, 'utf8'))?.[1];
    const { folder, remove } = await temporaryFolder();
    try {
      cpSync(EXAMPLE, folder, { recursive: true, filter: (path) => !path.endsWith('tsconfig.json') });
      for (const place of ['examples/plugins/latent-l2', folder]) {
        const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...told!.split(' '), place];
        const run = spawnSync(process.execPath, vitest, { cwd: ROOT, encoding: 'utf8', env: PLAIN });
        expect(run.stdout + run.stderr).toMatch(/Tests\s+\d\d passed/);
        expect(run.status).toBe(0);
      }
    } finally {
      await remove();
    }
  }, 120_000);
});

describe('the example plugin', () => {
  test('is found by the path of its folder', async () => {
    const plugin = await new PluginRegistry(join(ROOT, 'examples')).get('regularizer', './plugins/latent-l2');
    expect(plugin.name).toBe('latent-l2');
  });

  test('has the types that the contract asks for', () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', join(EXAMPLE, 'tsconfig.json')], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 120_000);

  test('trains, beside a shipped regularizer, and reports its metrics', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const regularizers = [{ name: EXAMPLE, weight: 0.5, squared: false }, 'kl'];
      const training = { ...TINY.training, gradient_accumulation_steps: 1, max_steps: 3 };
      await writeConfig(folder, 'run.yaml', { ...TINY, regularizers, training });
      const run = await tether(['train', 'run.yaml', '--output', 'trained', '--quiet'], folder);
      expect(run).toMatchObject({ code: 0 });
      const lines = readFileSync(join(folder, 'trained', 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n');
      const steps = lines.map((line) => JSON.parse(line) as Readonly<Record<string, number>>);
      const distances = steps.flatMap(({ 'latent-l2/distance': distance }) =>
        distance === undefined ? [] : [distance],
      );
      expect(distances).toHaveLength(3);
      expect(distances[0]).toBeCloseTo(1e-6, 6); // √ of the floor: the policy starts as the reference
      expect(distances[2]).toBeGreaterThan(1e-5);
      expect(steps[0]).toMatchObject({ 'latent-l2/weight': 0.5 });
    } finally {
      await remove();
    }
  }, 240_000);
});
