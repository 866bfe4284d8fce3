import { formatList } from '../format.ts';
import type { RawComparison } from '../raw/schema.ts';
import type { MeasureSummary } from './schema.ts';

/** Everything that the comparison should have and does not, in sentences: nothing is left out silently. */
export function listMissing(raw: RawComparison, measures: readonly MeasureSummary[]): string[] {
  return [...failedRuns(raw), ...absentRuns(raw), ...missingValues(raw, measures)];
}

function failedRuns(raw: RawComparison): string[] {
  return raw.runs.flatMap(({ arm, seed, failure }) => (failure ? [`${arm}, seed ${seed}: ${failure}`] : []));
}

function absentRuns(raw: RawComparison): string[] {
  return raw.arms.flatMap(({ name }) =>
    raw.seeds
      .filter((seed) => !raw.runs.some((run) => run.arm === name && run.seed === seed))
      .map((seed) => `${name}, seed ${seed}: there is no run`),
  );
}

/** Seeds that ran but lack a value, one line per arm and set of seeds, with the measures that lack it. */
function missingValues(raw: RawComparison, measures: readonly MeasureSummary[]): string[] {
  const lacking = new Map<string, string[]>();
  for (const { label, estimates } of measures) {
    for (const { arm, perSeed } of estimates) {
      const seeds = raw.seeds.filter((seed, s) => perSeed[s] === null && ran(raw, arm, seed));
      if (seeds.length === 0) continue;
      const who = `${arm}, seed ${formatList(seeds.map(String))}`;
      lacking.set(who, [...(lacking.get(who) ?? []), label]);
    }
  }
  return [...lacking].map(([who, labels]) => `${who}: no value of ${labels.join('; ')}`);
}

function ran(raw: RawComparison, arm: string, seed: number): boolean {
  return raw.runs.some((run) => run.arm === arm && run.seed === seed);
}
