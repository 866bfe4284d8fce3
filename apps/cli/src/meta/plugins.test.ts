import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { SHIPPED_PLUGINS } from '../composition/shippedPlugins.ts';
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

test('the shipped plugins are the plugin folders', () => {
  expect(folders.map((folder) => basename(folder)).sort()).toEqual(Object.keys(SHIPPED_PLUGINS).sort());
});

describe.each(folders)('%s', (folder) => {
  const name = basename(folder);
  const kind = basename(dirname(folder)).replace(/s$/, '');
  const load = () => new PluginRegistry(ROOT).load(name);
  const readme = join(ROOT, folder, 'README.md');

  test('has the name of its folder, in its manifest and its package', async () => {
    const manifest = await load();
    expect({ name: manifest.name, kind: manifest.kind }).toEqual({ name, kind });
    const { name: packageName } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
      name: string;
    };
    expect(packageName).toBe(`@tether/${kind}-${name}`);
    expect(manifest.description).not.toBe('');
  });

  test('has a test that calls the kit', () => {
    const sources = globSync(`${folder}/src/**/*.test.ts`, { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    expect(sources.some((source) => KITS[kind]!.test(source))).toBe(true);
  });

  test('has strict options with descriptions, and runs with none of them given', async () => {
    const { config } = await load();
    const schema = config.toJSONSchema({ io: 'input' }) as Schema; // by zod's contract
    expect(schema.type).toBe('object');
    expect(openObjects(schema)).toEqual([]);
    expect(optionsOf(schema).filter(({ schema: { description } }) => !description)).toEqual([]);
    expect(config.safeParse({}).success).toBe(true);
  });

  test('has a README with its name, a config and every option with its default', async () => {
    expect(existsSync(readme)).toBe(true);
    const text = readFileSync(readme, 'utf8');
    expect(text).toMatch(new RegExp(`^# (@tether/${kind}-)?${name}$`, 'm'));
    expect(text).toContain('```yaml');
    const schema = (await load()).config.toJSONSchema({ io: 'input' }) as Schema; // as above
    for (const { path, schema: option } of optionsOf(schema).filter(({ schema: { properties } }) => !properties)) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${path}\``));
      expect(row, `a table row for \`${path}\``).toBeDefined();
      const fallback = option.default;
      // Numbers are compared as numbers: 1e-8 and 0.00000001 are one default.
      const shown = row!.split('|')[2]!.replaceAll('`', '').trim();
      if (typeof fallback === 'number') expect(Number(shown), path).toBe(fallback);
      else if (typeof fallback === 'string') expect(shown, path).toBe(fallback);
    }
  });
});
