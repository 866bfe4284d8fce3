import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import { resolve } from 'node:path';
import tseslint from 'typescript-eslint';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');

/** One package of each layer, and what its sources may import (CONTRIBUTING.md, "Boundaries"). */
const LAYERS = {
  graph: { folder: 'packages/graph', mayImport: [] },
  core: { folder: 'packages/core', mayImport: ['graph'] },
  model: { folder: 'packages/model', mayImport: ['graph', 'core'] },
  data: { folder: 'packages/data', mayImport: ['core'] },
  compare: { folder: 'packages/compare', mayImport: ['core'] },
  testing: { folder: 'packages/testing', mayImport: ['graph', 'core', 'model', 'data', 'compare'] },
  'regularizer-kl': { folder: 'plugins/regularizers/kl', mayImport: ['graph', 'core'] },
  'backend-reference': { folder: 'plugins/backends/reference', mayImport: ['graph', 'core'] },
} as const;
type Layer = keyof typeof LAYERS;
const layers = Object.keys(LAYERS) as Layer[];

// The boundary rule alone: rules that need types would need the file to exist.
const eslint = new ESLint({
  cwd: ROOT,
  overrideConfig: [
    tseslint.configs.disableTypeChecked,
    { languageOptions: { parserOptions: { projectService: false } } },
  ],
});

/** What the linter says about an import of `target` in a new file of the workspace. */
async function complaints(file: string, target: string): Promise<string[]> {
  const [result] = await eslint.lintText(`import { anything } from '${target}';\nanything();\n`, {
    filePath: resolve(ROOT, file),
  });
  const fatal = result?.messages.find((message) => message.fatal);
  if (fatal !== undefined) throw new Error(`${file} was not linted: ${fatal.message}`);
  return (result?.messages ?? [])
    .filter(({ ruleId }) => ruleId === '@nx/enforce-module-boundaries')
    .map(({ message }) => message);
}

// The rule passes everything while there is no project graph.
beforeAll(async () => {
  await createProjectGraphAsync();
});

describe('sources import only the layers below', () => {
  const pairs = layers.flatMap((from) => layers.filter((to) => to !== from).map((to) => ({ from, to })));

  it.each(pairs)('$from → $to', async ({ from, to }) => {
    const { folder, mayImport } = LAYERS[from];
    const allowed = (mayImport as readonly Layer[]).includes(to);
    const messages = await complaints(`${folder}/src/newFile.ts`, `@tether/${to}`);
    if (allowed) expect(messages).toEqual([]);
    else expect(messages.join('\n')).toMatch(/can only depend on|cannot depend on|circular dependency/i);
  });
});

describe('the rest of the boundaries', () => {
  it("lets a plugin's tests call the kits and run on a backend", async () => {
    const file = 'plugins/regularizers/kl/src/newFile.test.ts';
    expect(await complaints(file, '@tether/testing')).toEqual([]);
    expect(await complaints(file, '@tether/backend-reference')).toEqual([]);
  });

  it("keeps the data and model libraries out of a plugin's tests", async () => {
    const file = 'plugins/regularizers/kl/src/newFile.test.ts';
    expect(await complaints(file, '@tether/data')).toHaveLength(1);
  });

  it('lets the command import every library; plugins it loads lazily', async () => {
    const libraries = layers.filter((layer) => LAYERS[layer].folder.startsWith('packages/'));
    for (const library of libraries) {
      expect(await complaints('apps/cli/src/newFile.ts', `@tether/${library}`)).toEqual([]);
    }
  });

  it('refuses a relative path into another package', async () => {
    expect(await complaints('packages/core/src/newFile.ts', '../../graph/src/index.ts')).toHaveLength(1);
  });
});
