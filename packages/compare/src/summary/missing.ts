import { formatCount, formatList } from '../format.ts';
import type { Measurement, RawComparison, Unit } from '../raw/schema.ts';
import { sameKey } from './measures.ts';
import type { MeasureSummary } from './schema.ts';

/** Everything that the comparison should have and does not, in sentences: nothing is left out silently. */
export function listMissing(raw: RawComparison, measures: readonly MeasureSummary[]): string[] {
  return [...failedRuns(raw), ...absentRuns(raw), ...missingValues(raw, measures), ...missingPrompts(raw, measures)];
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

/** Where results come from: a run, or the policy before training. */
interface Source {
  readonly name: string;
  readonly seed: number | null;
  readonly measurements: readonly Measurement[];
}

interface Hole {
  readonly measure: MeasureSummary;
  readonly prompts: number;
  readonly of: number;
}

/** Prompts without a value where other prompts have one: one line per arm and set of seeds with the same holes. */
function missingPrompts(raw: RawComparison, measures: readonly MeasureSummary[]): string[] {
  const sources: Source[] = [
    { name: 'before training', seed: null, measurements: raw.before ?? [] },
    ...raw.runs.map(({ arm, seed, measurements }) => ({ name: arm, seed, measurements })),
  ];
  const { unit = 'prompt' } = raw;
  const totals = measures.map((measure) => countPrompts(sources, measure));
  const seedsOf = new Map<string, { source: Source; holes: string; seeds: string[] }>();
  for (const source of sources) {
    const found = measures.flatMap((measure, index) => holeOf(source, measure, totals[index] ?? 0));
    if (found.length === 0) continue;
    const holes = nameHoles(found, measures, unit);
    const key = JSON.stringify([source.name, holes]);
    const seeds = [...(seedsOf.get(key)?.seeds ?? []), ...(source.seed === null ? [] : [String(source.seed)])];
    seedsOf.set(key, { source, holes, seeds });
  }
  return [...seedsOf.values()].map(({ source, holes, seeds }) => {
    const who = seeds.length === 0 ? source.name : `${source.name}, seed ${formatList(seeds)}`;
    return `${who}: no value for some ${unit}s of ${holes}`;
  });
}

/** How many prompts a measure has anywhere. */
function countPrompts(sources: readonly Source[], { key }: MeasureSummary): number {
  const own = sources.flatMap(({ measurements }) => measurements.filter((measurement) => sameKey(measurement, key)));
  return new Set(own.flatMap(({ perPrompt }) => perPrompt?.prompts ?? [])).size;
}

/** Nothing where all prompts have a value, and where none has: that is no hole but a missing value. */
function holeOf({ measurements }: Source, measure: MeasureSummary, of: number): Hole[] {
  const values = measurements.find((measurement) => sameKey(measurement, measure.key))?.perPrompt?.values ?? [];
  const present = values.filter((value) => Number.isFinite(value)).length;
  return present === 0 || present === of ? [] : [{ measure, prompts: of - present, of }];
}

/** `Score (40 of 64); Gold reward (8 of 8 measures, 1 to 3 prompts each)`. */
function nameHoles(holes: readonly Hole[], all: readonly MeasureSummary[], unit: Unit): string {
  const metrics = [...new Set(holes.map(({ measure }) => measure.key.metric))];
  const names = metrics.map((metric) => {
    const own = holes.filter(({ measure }) => measure.key.metric === metric);
    const [first] = own;
    if (own.length === 1) return `${first?.measure.label} (${first?.prompts} of ${first?.of})`;
    const total = all.filter(({ key }) => key.metric === metric).length;
    const counts = own.map(({ prompts }) => prompts);
    const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
    const each = fewest === most ? formatCount(most, unit) : `${fewest} to ${formatCount(most, unit)}`;
    return `${first?.measure.definition.label} (${own.length} of ${total} measures, ${each} each)`;
  });
  return names.join('; ');
}

function ran(raw: RawComparison, arm: string, seed: number): boolean {
  return raw.runs.some((run) => run.arm === arm && run.seed === seed);
}
