import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';
import shared from '../../vitest.shared.ts';

const HERE = fileURLToPath(import.meta.url);

/** What a plugin and its test are written with comes from this clone where their folder has none of its own. */
const ownPackages: Plugin = {
  name: 'tether-own-packages',
  enforce: 'pre',
  async resolveId(id, importer, options) {
    if (!/^(@tether\/[^/]+|zod|vitest)(\/|$)/.test(id)) return undefined;
    return (await this.resolve(id, importer, options)) ?? this.resolve(id, HERE, options);
  },
};

/** Runs the tests of a plugin in any folder: `npx vitest run --config examples/plugins/vitest.config.ts --dir FOLDER`. */
export default defineConfig({
  ...shared,
  plugins: [ownPackages],
  test: { ...shared.test, include: ['**/*.test.ts'], reporters: ['default'] },
});
