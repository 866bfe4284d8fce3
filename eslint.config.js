import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const testFiles = ['**/*.test.ts', '**/src/testing/**/*.ts', '**/testdata/**/*.ts'];

/** Which layer may import which: dependencies point one way (CONTRIBUTING.md, "Boundaries"). */
const layers = [
  { sourceTag: 'layer:graph', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:core', onlyDependOnLibsWithTags: ['layer:graph'] },
  { sourceTag: 'layer:library', onlyDependOnLibsWithTags: ['layer:graph', 'layer:core'] },
  { sourceTag: 'sees:core', onlyDependOnLibsWithTags: ['layer:core'] },
  { sourceTag: 'layer:testing', onlyDependOnLibsWithTags: ['layer:graph', 'layer:core', 'layer:library'] },
  { sourceTag: 'layer:wheels', onlyDependOnLibsWithTags: ['layer:core'] },
  { sourceTag: 'layer:plugin', onlyDependOnLibsWithTags: ['layer:graph', 'layer:core', 'layer:wheels'] },
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'layer:tools', onlyDependOnLibsWithTags: ['*'] },
];

/** A plugin's tests may also call the kits, and run on another plugin (a backend). */
const layersOfTests = layers.map((layer) =>
  layer.sourceTag === 'layer:plugin'
    ? {
        ...layer,
        onlyDependOnLibsWithTags: ['layer:graph', 'layer:core', 'layer:wheels', 'layer:testing', 'layer:plugin'],
      }
    : layer,
);

const boundaries = (depConstraints, options = {}) => ({
  '@nx/enforce-module-boundaries': ['error', { depConstraints, ...options }],
});

export default defineConfig(
  globalIgnores(['**/dist', '**/coverage', '**/vitest.config.ts', '**/testdata/**/*.js']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      ...boundaries(layers),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowArray: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Plugins and operations are records of functions, not classes: none of them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': ['error', 350],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      // Tensor code indexes arrays whose length a shape rule has already fixed; `!` says so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: testFiles,
    rules: {
      // What the sources load lazily, their tests may import plainly.
      ...boundaries(layersOfTests, { checkDynamicDependenciesExceptions: ['.*'] }),
      // A stand-in may be async because what it stands for is.
      '@typescript-eslint/require-await': 'off',
      // A test that cannot run here prints why.
      'no-console': 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
    },
  },
  { files: ['apps/**', 'tools/**'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  prettier,
);
