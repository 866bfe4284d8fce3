import type { Plugin } from '@tether/core';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { SHIPPED_BY_KIND, SHIPPED_PLUGINS } from '../composition/shippedPlugins.ts';
import { ROOT } from './workspace.ts';

/** Every plugin folder, `plugins/<kind>s/<name>`: none may be without what a user looks for. */
const folders = globSync('plugins/*/*/package.json', { cwd: ROOT }).map(dirname).sort();

const KITS: Readonly<Record<string, RegExp>> = {
  objective: /testObjective\(/,
  regularizer: /testRegularizer\(/,
  backend: /testBackend\(/,
};

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

interface Option {
  readonly path: string;
  readonly schema: Schema;
}

/** All options of a schema, nested ones as `outer.inner`. */
const optionsOf = ({ properties = {} }: Schema, prefix = ''): Option[] =>
  Object.entries(properties).flatMap(([name, schema]) => [
    { path: prefix + name, schema },
    ...optionsOf(schema, `${prefix}${name}.`),
  ]);

/** Paths of objects that let unknown options through. */
const openObjects = (schema: Schema): string[] =>
  [{ path: '(top)', schema }, ...optionsOf(schema)]
    .filter(({ schema: { properties, additionalProperties } }) => properties && additionalProperties !== false)
    .map(({ path }) => path);

interface PluginModule {
  readonly plugin?: Plugin;
  /** Of a package that has several: a family under names of their own. */
  readonly plugins?: Readonly<Record<string, Plugin>>;
}

/** The plugins of a folder by the names that configs use. */
async function pluginsOf(folder: string): Promise<Record<string, Plugin>> {
  const { name } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { name: string };
  const { plugin, plugins = {} } = (await import(name)) as PluginModule;
  return { ...(plugin === undefined ? {} : { [plugin.name]: plugin }), ...plugins };
}

test('the shipped plugins are those of the plugin folders', async () => {
  const names = await Promise.all(folders.map(async (folder) => Object.keys(await pluginsOf(folder))));
  expect(names.flat().sort()).toEqual(Object.keys(SHIPPED_PLUGINS).sort());
});

describe.each(folders)('%s', (folder) => {
  const kind = basename(dirname(folder)).replace(/s$/, '');
  const readme = join(ROOT, folder, 'README.md');

  test('is a package of that name, with plugins of its kind that are loaded by their names', async () => {
    const { name: packageName } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
      name: string;
    };
    expect(packageName).toBe(`@tether/${kind}-${basename(folder)}`);
    const plugins = await pluginsOf(folder);
    expect(Object.keys(plugins)).not.toEqual([]);
    for (const [name, plugin] of Object.entries(plugins)) {
      expect(await new PluginRegistry(ROOT).load(name)).toBe(plugin);
      expect({ name: plugin.name, kind: plugin.kind }).toEqual({ name, kind });
      expect(Object.keys(SHIPPED_BY_KIND[plugin.kind])).toContain(name);
      expect(plugin.description).not.toBe('');
    }
  });

  test('has a test that calls the kit', () => {
    const sources = globSync(`${folder}/src/**/*.test.ts`, { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    expect(sources.some((source) => KITS[kind]!.test(source))).toBe(true);
  });

  test('has strict options with descriptions, and runs with none of them given', async () => {
    for (const { config } of Object.values(await pluginsOf(folder))) {
      const schema = config.toJSONSchema({ io: 'input' }) as Schema; // by zod's contract
      expect(schema.type).toBe('object');
      expect(openObjects(schema)).toEqual([]);
      expect(optionsOf(schema).filter(({ schema: { description } }) => !description)).toEqual([]);
      expect(config.safeParse({}).success).toBe(true);
    }
  });

  test('has a README with its name, a config and every plugin and option with its default', async () => {
    expect(existsSync(readme)).toBe(true);
    const text = readFileSync(readme, 'utf8');
    expect(text).toMatch(new RegExp(`^# (@tether/${kind}-)?${basename(folder)}$`, 'm'));
    expect(text).toContain('```yaml');
    for (const [name, { config }] of Object.entries(await pluginsOf(folder))) {
      expect(text).toMatch(new RegExp(`^#+ .*\\b${name}\\b|\`${name}\``, 'm'));
      const schema = config.toJSONSchema({ io: 'input' }) as Schema; // as above
      const leaves = optionsOf(schema).filter(({ schema: { properties } }) => !properties);
      for (const { path, schema: option } of leaves) expectRow(text, path, option.default);
    }
  });
});

/** Some table row is about the option and has its default; members of a family may differ in theirs. */
function expectRow(text: string, path: string, fallback: unknown): void {
  const rows = text.split('\n').filter((line) => line.startsWith(`| \`${path}\``));
  expect(rows, `a table row for \`${path}\``).not.toEqual([]);
  const shown = rows.map((row) => row.split('|')[2]!.replaceAll('`', '').trim());
  // Numbers are compared as numbers: 1e-8 and 0.00000001 are one default.
  if (typeof fallback === 'number') expect(shown.map(Number), path).toContain(fallback);
  else if (typeof fallback === 'string') expect(shown, path).toContain(fallback);
}
