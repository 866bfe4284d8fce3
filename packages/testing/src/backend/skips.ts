/** A test that a backend cannot pass, and why. */
export interface Skip {
  /** Title of the test as the kit names it, for example `erf` or `special values: pow`. */
  readonly test: string;
  /** What the engine does instead, for people who read the test's output. */
  readonly reason: string;
}
