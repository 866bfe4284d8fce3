import { formatSetting } from '../format.ts';
import type { MetricDefinition } from '../raw/metrics.ts';
import type { MeasureKey, Measurement, RawComparison } from '../raw/schema.ts';
import { EMPTY_SAMPLE, makeSample, sampleMean, type Observation, type Sample } from '../statistics/sample.ts';

/** One measure with its definition: a row of the tables. */
export interface Measure {
  readonly key: MeasureKey;
  readonly definition: MetricDefinition;
  readonly label: string;
}

/** Every measure that any run has: metrics as declared, splits as they appear, temperatures rising. */
export function listMeasures(raw: RawComparison): Measure[] {
  const all = [...raw.runs.flatMap((run) => run.measurements), ...(raw.before ?? [])];
  const splits = [...new Set(all.map(({ split }) => split))];
  const distinct = new Map(all.map((measurement) => [keyText(measurement), keyOf(measurement)]));
  return raw.metrics.flatMap((definition) =>
    [...distinct.values()]
      .filter((key) => key.metric === definition.id)
      .sort(
        (left, right) =>
          splits.indexOf(left.split) - splits.indexOf(right.split) ||
          (left.temperature ?? -1) - (right.temperature ?? -1),
      )
      .map((key) => ({ key, definition, label: [definition.label, formatSetting(key)].filter(Boolean).join(', ') })),
  );
}

export function keyOf({ metric, split, temperature }: MeasureKey): MeasureKey {
  return {
    metric,
    ...(split === undefined ? {} : { split }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}

export function sameKey(left: MeasureKey, right: MeasureKey): boolean {
  return keyText(left) === keyText(right);
}

function keyText({ metric, split, temperature }: MeasureKey): string {
  return JSON.stringify([metric, split ?? null, temperature ?? null]);
}

/** What the runs of one arm have of one measure. */
export function sampleOf(raw: RawComparison, key: MeasureKey, arm: string): Sample {
  const observations = raw.runs
    .filter((run) => run.arm === arm)
    .flatMap((run) => {
      const found = run.measurements.find((measurement) => sameKey(measurement, key));
      return found ? [observationOf(run.seed, found)] : [];
    })
    .sort((left, right) => raw.seeds.indexOf(left.seed) - raw.seeds.indexOf(right.seed));
  return observations.length === 0 ? EMPTY_SAMPLE : makeSample(observations);
}

/** The initial policy's value, or null. */
export function beforeMean(raw: RawComparison, key: MeasureKey): number | null {
  const found = (raw.before ?? []).find((measurement) => sameKey(measurement, key));
  return found ? sampleMean(makeSample([observationOf(0, found)])) : null;
}

function observationOf(seed: number, { value, perPrompt }: Measurement): Observation {
  return perPrompt ? { seed, ...perPrompt } : { seed, value };
}

/** The measure of the headline: the configured one, else gold reward, else the first metric with a direction. */
export function headlineMeasure(raw: RawComparison, measures: readonly Measure[]): Measure | null {
  const { headline } = raw;
  if (headline) return measures.find(({ key }) => sameKey(key, headline)) ?? null;
  const directed = measures.filter(({ definition }) => definition.better !== 'neutral');
  const metric = directed.find(({ key }) => key.metric === 'goldReward')?.key.metric ?? directed[0]?.key.metric;
  const candidates = directed.filter(({ key }) => key.metric === metric);
  const heldout = candidates.filter(({ key }) => key.split === 'heldout');
  const pool = heldout.length > 0 ? heldout : candidates;
  return pool.find(({ key }) => key.temperature === 1) ?? pool[0] ?? null;
}
