import { afterAll, describe, expect, it } from 'vitest';
import { skippingTest, type Skip, type SuiteTest } from '../skips.ts';

/** A describe block whose skips are printed, and checked to name tests that exist. */
export function suite(title: string, skips: readonly Skip[], register: (test: SuiteTest) => void): void {
  const used = new Set<string>();
  describe(title, () => {
    register(skippingTest(skips, used));
    it('skips only tests that exist', () => {
      expect(skips.map(({ test }) => test).filter((name) => !used.has(name))).toEqual([]);
    });
    afterAll(() => {
      // eslint-disable-next-line no-console -- skips are told to whoever reads the test's output
      for (const { test, reason } of skips) console.info(`${title} skipped "${test}": ${reason}`);
    });
  });
}
