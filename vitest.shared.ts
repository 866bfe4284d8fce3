import { defineConfig } from 'vitest/config';

/** Every package's tests run from the TypeScript sources: nothing has to be built first. */
export default defineConfig({
  resolve: { conditions: ['@tether/source'] },
  ssr: { resolve: { conditions: ['@tether/source', 'node', 'import', 'default'] } },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    passWithNoTests: false,
  },
});
