import type { CaseResult } from './runCase.ts';

/** What a benchmark leaves in `bench.json`. */
export interface BenchReport {
  readonly createdAt: string;
  readonly command: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly cases: readonly CaseResult[];
}
