import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tools/src/workspace/testSummary.ts';

if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error(`Tests need Node 24, and this is Node ${process.versions.node}. See CONTRIBUTING.md, "Node 24".`);
}

/** Every package's tests run from the TypeScript sources: nothing has to be built first. */
export default defineConfig({
  resolve: { conditions: ['@tether/source'] },
  ssr: { resolve: { conditions: ['@tether/source', 'node', 'import', 'default'] } },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    passWithNoTests: false,
    reporters: ['default', new SummaryReporter()],
  },
});
