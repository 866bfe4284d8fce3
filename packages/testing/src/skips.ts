import { it } from 'vitest';

/** A test that a plugin cannot pass, and why. */
export interface Skip {
  /** Title of the test as the kit names it, for example `erf` or `special values: pow`. */
  readonly test: string;
  /** What happens instead, for people who read the test's output. */
  readonly reason: string;
}

/** Registers a test, or one that skips itself with its reason. */
export type SuiteTest = (title: string, run: () => void | Promise<void>) => void;

/** A `SuiteTest` that honours skips and remembers which of them named a test. */
export function skippingTest(skips: readonly Skip[], used: Set<string>): SuiteTest {
  return (title, run) => {
    const skip = skips.find(({ test }) => test === title);
    if (skip === undefined) {
      it(title, run);
      return;
    }
    used.add(title);
    it(title, (context) => context.skip(skip.reason));
  };
}
