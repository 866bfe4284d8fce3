import type { Backend } from '@tether/core';
import type { DType } from '@tether/graph';
import type { SuiteTest } from '../../skips.ts';
import type { TestedOperation, ToleranceClass } from '../tolerances.ts';

/** What every suite gets: the backend, made once, and how it is to be tested. */
export interface SuiteContext {
  /** Throws before the suite's `beforeAll` made it. */
  readonly backend: () => Backend;
  /** Makes one more, for a test that disposes of it. */
  readonly create: () => Promise<Backend>;
  readonly floats: readonly DType[];
  readonly toleranceOf: (operation: TestedOperation) => ToleranceClass;
  readonly randomRuns: number;
  readonly test: SuiteTest;
}
