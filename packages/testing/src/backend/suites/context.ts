import type { Backend } from '@tether/core';
import type { DType } from '@tether/graph';
import { it } from 'vitest';
import type { Skip } from '../skips.ts';
import type { TestedOperation, ToleranceClass } from '../tolerances.ts';

/** What every suite gets: the backend, made once, and how it is to be tested. */
export interface SuiteContext {
  /** Throws before the suite's `beforeAll` made it. */
  readonly backend: () => Backend;
  readonly floats: readonly DType[];
  readonly toleranceOf: (operation: TestedOperation) => ToleranceClass;
  readonly randomRuns: number;
  /** Registers a test, or a skipped one with its reason in the title. */
  readonly test: (title: string, run: () => Promise<void>) => void;
}

/** A `test` that honours skips and remembers which of them named a test. */
export function skippingTest(skips: readonly Skip[], used: Set<string>): SuiteContext['test'] {
  return (title, run) => {
    const skip = skips.find(({ test }) => test === title);
    if (skip === undefined) {
      it(title, run);
      return;
    }
    used.add(title);
    it.skip(`${title} (skipped: ${skip.reason})`, run);
  };
}
