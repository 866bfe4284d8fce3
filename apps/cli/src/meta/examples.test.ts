import { globSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { parseArms } from '../config/arms.ts';
import { loadConfig } from '../config/loadConfig.ts';
import { resolvePlugins } from '../config/resolvePlugins.ts';
import { ROOT } from './workspace.ts';

const files = globSync('examples/{,paper/}*.{yaml,yml,json}', { cwd: ROOT }).sort();

test('there are examples', () => {
  expect(files).toContain('examples/quickstart.yaml');
});

describe.each(files)('%s', (name) => {
  const file = join(ROOT, name);
  // Examples on real input take the model's and the data's place from the command line.
  const load = async () => {
    const own = await loadConfig(file).catch(() => undefined);
    return own ?? loadConfig(file, { model: '/model', data: ['/pairs.jsonl'] });
  };

  test('is a config without problems', async () => {
    await expect(load()).resolves.toBeDefined();
  });

  test('has arms whose plugins can be had, with options that they know', async () => {
    const loaded = await load();
    const arms = parseArms(loaded);
    expect(arms.length).toBeGreaterThan(1);
    for (const { config } of arms) {
      const plugins = await resolvePlugins(new PluginRegistry(dirname(resolve(file))), file, config);
      expect(plugins.regularizers).toHaveLength(config.regularizers.length);
    }
  });
});
