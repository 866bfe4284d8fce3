import { median } from './statistics.ts';
import { WARM_UP_STEPS, type Case } from './cases.ts';
import { perform, type Failure, type PerformOptions } from './perform.ts';
import { fitExponent } from './statistics.ts';
import type { Measurement } from './work.ts';

export interface SideResult {
  readonly name: string;
  readonly runs: readonly (Measurement | Failure)[];
  /** Median over the measured steps of all rounds; undefined when every run failed. */
  readonly seconds?: number;
  /** Fastest and slowest of those steps. */
  readonly spread?: readonly [low: number, high: number];
  readonly firstStepSeconds?: number;
  readonly peakMemoryBytes?: number;
  readonly plannedMemoryBytes?: number;
  /** Median seconds over the first side's. */
  readonly relativeSeconds?: number;
  readonly relativeMemory?: number;
}

export interface CaseResult {
  readonly name: string;
  readonly description: string;
  readonly sides: readonly SideResult[];
  /** seconds ∝ x^exponent, fitted over the sides. */
  readonly growth?: { readonly axis: string; readonly x: readonly number[]; readonly exponent: number | null };
}

export interface CaseEvents {
  readonly onRun: (side: string, round: number, outcome: Measurement | Failure) => void;
}

const isMeasured = (run: Measurement | Failure): run is Measurement => 'stepSeconds' in run;

/** Runs the sides of a case in turn, round by round, so that what slows the machine down meets all of them. */
export async function runCase(
  { name, description, sides, rounds, growth }: Case,
  options: PerformOptions,
  { onRun }: CaseEvents,
): Promise<CaseResult> {
  const runs = sides.map((): (Measurement | Failure)[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, side] of sides.entries()) {
      if (options.signal.aborted) break;
      const outcome = await perform(side.work, options);
      runs[index]!.push(outcome);
      onRun(side.name, round, outcome);
    }
  }
  const results = sides.map((side, index) => summarizeSide(side.name, runs[index]!));
  const [base] = results;
  return {
    name,
    description,
    sides: results.map((side) => compareSide(side, base)),
    ...(growth === undefined ? {} : { growth: { ...growth, exponent: exponentOf(growth.x, results) } }),
  };
}

function summarizeSide(name: string, runs: readonly (Measurement | Failure)[]): SideResult {
  const measured = runs.filter(isMeasured);
  if (measured.length === 0) return { name, runs };
  const planned = measured.find(({ plannedMemoryBytes }) => plannedMemoryBytes !== undefined)?.plannedMemoryBytes;
  const firstSteps = measured.flatMap(({ firstStepSeconds }) => firstStepSeconds ?? []);
  const steps = measured.flatMap(({ stepSeconds }) => stepSeconds.slice(WARM_UP_STEPS));
  return {
    name,
    runs,
    seconds: median(steps),
    spread: [Math.min(...steps), Math.max(...steps)],
    ...(firstSteps.length > 0 && { firstStepSeconds: median(firstSteps) }),
    peakMemoryBytes: Math.max(...measured.map(({ peakMemoryBytes }) => peakMemoryBytes)),
    ...(planned !== undefined && { plannedMemoryBytes: planned }),
  };
}

function compareSide(side: SideResult, base: SideResult | undefined): SideResult {
  if (base === undefined || base === side || side.seconds === undefined || base.seconds === undefined) return side;
  return {
    ...side,
    relativeSeconds: side.seconds / base.seconds,
    relativeMemory: side.peakMemoryBytes! / base.peakMemoryBytes!,
  };
}

function exponentOf(x: readonly number[], sides: readonly SideResult[]): number | null {
  const points = x.flatMap((value, index) => {
    const seconds = sides[index]?.seconds;
    return seconds === undefined ? [] : [[value, seconds] as const];
  });
  return points.length < 2 ? null : fitExponent(points);
}
