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

/** Seeds that ran but lack values: one line per arm and set of seeds, which names or counts the measures of each metric. */
function missingValues(raw: RawComparison, measures: readonly MeasureSummary[]): string[] {
  const lacking = new Map<string, MeasureSummary[]>();
  for (const measure of measures) {
    for (const { arm, perSeed } of measure.estimates) {
      const seeds = raw.seeds.filter((seed, s) => perSeed[s] === null && ran(raw, arm, seed));
      if (seeds.length === 0) continue;
      const who = `${arm}, seed ${formatList(seeds.map(String))}`;
      lacking.set(who, [...(lacking.get(who) ?? []), measure]);
    }
  }
  return [...lacking].map(([who, lacked]) => `${who}: no value of ${nameMeasures(lacked, measures)}`);
}

/** `Evaluation loss, heldout; Gold reward (7 of 8 measures)`. */
function nameMeasures(lacked: readonly MeasureSummary[], all: readonly MeasureSummary[]): string {
  const metrics = [...new Set(lacked.map(({ key }) => key.metric))];
  const names = metrics.map((metric) => {
    const own = lacked.filter(({ key }) => key.metric === metric);
    const total = all.filter(({ key }) => key.metric === metric).length;
    return own.length === 1 ? own[0]?.label : `${own[0]?.definition.label} (${own.length} of ${total} measures)`;
  });
  return names.join('; ');
}

function ran(raw: RawComparison, arm: string, seed: number): boolean {
  return raw.runs.some((run) => run.arm === arm && run.seed === seed);
}
