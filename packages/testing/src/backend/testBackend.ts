import type { Backend } from '@tether/core';
import type { DType } from '@tether/graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skippingTest, type Skip } from '../skips.ts';
import { compositeSuite } from './suites/composites.ts';
import { contractSuite } from './suites/contract.ts';
import type { SuiteContext } from './suites/context.ts';
import { donationSuite } from './suites/donation.ts';
import { operationSuite } from './suites/operations.ts';
import { sizeSuite } from './suites/sizes.ts';
import { trainingSuite } from './suites/training.ts';
import { OPERATION_TOLERANCES, TOLERANCE_CLASSES, type TestedOperation, type ToleranceClass } from './tolerances.ts';

export interface TestBackendOptions {
  /** Makes the backend under test, and again where a test disposes of one. */
  readonly create: () => Promise<Backend>;
  /** Element types besides f32 that the backend computes in. */
  readonly floats?: readonly ('bf16' | 'f16')[];
  /** Wider tolerances where the engine's own precision asks for them, each with its reason. */
  readonly tolerances?: Readonly<Partial<Record<TestedOperation, ToleranceClass>>>;
  /** Tests that the backend cannot pass. One that names no test fails, so that skips do not outlive their reason. */
  readonly skips?: readonly Skip[];
  /** Random shapes per operation and element type. */
  readonly randomRuns?: number;
}

/**
 * Registers the tests that every backend has to pass: each operation on many shapes and at special values, sums and
 * draws over very many elements, the promises of the `Backend` interface, donated inputs, and whole training steps, all
 * against the float64 interpreter.
 *
 * ```ts
 * import { testBackend } from '@tether/testing';
 * import { plugin } from './index.ts';
 *
 * testBackend({ create: () => plugin.create(plugin.config.parse({})) });
 * ```
 */
export function testBackend(options: TestBackendOptions): void {
  const { create, floats = [], tolerances = {}, skips = [], randomRuns = 20 } = options;
  const used = new Set<string>();
  let backend: Backend | undefined;
  const context: SuiteContext = {
    backend: () => {
      if (backend === undefined) throw new Error('the backend is made before the first test runs');
      return backend;
    },
    create,
    floats: ['f32', ...floats] satisfies DType[],
    toleranceOf: (operation) => tolerances[operation] ?? TOLERANCE_CLASSES[OPERATION_TOLERANCES[operation]],
    randomRuns,
    test: skippingTest(skips, used),
  };
  describe('backend', () => {
    beforeAll(async () => {
      backend = await create();
    });
    afterAll(async () => {
      // eslint-disable-next-line no-console -- skips are told to whoever reads the test's output
      for (const { test, reason } of skips) console.info(`skipped "${test}": ${reason}`);
      await backend?.dispose();
    });
    operationSuite(context);
    compositeSuite(context);
    contractSuite(context);
    sizeSuite(context);
    donationSuite(context);
    trainingSuite(context);
    it('skips only tests that exist', () => {
      expect(skips.map(({ test }) => test).filter((title) => !used.has(title))).toEqual([]);
    });
  });
}
