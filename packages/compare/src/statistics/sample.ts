import { mean } from 'simple-statistics';

/**
 * The values of one measure: one number per seed × prompt. NaN marks a value that a run does not have. A measure that
 * a run reports as one number has the level `seed` and a single, nameless prompt.
 */
export interface Sample {
  readonly level: 'seed' | 'prompt';
  readonly seeds: readonly number[]; // [S], each with at least one value
  readonly prompts: readonly string[]; // [P], each with at least one value
  readonly values: readonly Float64Array[]; // [S][P]
}

/** What one seed reports: one number, or one number per prompt. */
export type Observation =
  | { readonly seed: number; readonly value: number | null | undefined }
  | { readonly seed: number; readonly prompts: readonly string[]; readonly values: readonly (number | null)[] };

export const EMPTY_SAMPLE: Sample = { level: 'seed', seeds: [], prompts: [], values: [] };

/**
 * Collects what the seeds report. Missing, NaN and infinite values become holes; if any seed has only one number, all do.
 * A seed without any number decides nothing.
 */
export function makeSample(observations: readonly Observation[]): Sample {
  const reported = observations.filter((one) => 'prompts' in one || Number.isFinite(one.value));
  const perPrompt = reported.length > 0 && reported.every((observation) => 'prompts' in observation);
  const rows = reported.map((observation) => [observation.seed, row(observation, perPrompt)] as const);
  return fromRows(perPrompt ? 'prompt' : 'seed', rows);
}

function row(observation: Observation, perPrompt: boolean): Map<string, number> {
  if (!('prompts' in observation)) return finite([['', observation.value]]);
  const entries = finite(observation.prompts.map((prompt, index) => [prompt, observation.values[index]]));
  return perPrompt || entries.size === 0 ? entries : new Map([['', mean([...entries.values()])]]);
}

function finite(entries: [string, number | null | undefined][]): Map<string, number> {
  return new Map(entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
}

function fromRows(level: Sample['level'], rows: readonly (readonly [number, Map<string, number>])[]): Sample {
  const kept = rows.filter(([, values]) => values.size > 0);
  const prompts = [...new Set(kept.flatMap(([, values]) => [...values.keys()]))];
  return {
    level,
    seeds: kept.map(([seed]) => seed),
    prompts,
    values: kept.map(([, values]) => Float64Array.from(prompts, (prompt) => values.get(prompt) ?? NaN)),
  };
}

/** `arm − baseline` where both have the seed and the prompt. If one of them has one number per seed, seeds are compared. */
export function pairedDifferences(arm: Sample, baseline: Sample): Sample {
  const level = arm.level === 'prompt' && baseline.level === 'prompt' ? 'prompt' : 'seed';
  const [left, right] = [byKey(atLevel(arm, level)), byKey(atLevel(baseline, level))];
  const rows = arm.seeds
    .filter((seed) => right.has(seed))
    .map((seed) => {
      const [ours, theirs] = [
        left.get(seed) ?? new Map<string, number>(),
        right.get(seed) ?? new Map<string, number>(),
      ];
      const shared = [...ours].map(
        ([prompt, value]) => [prompt, value - (theirs.get(prompt) ?? NaN)] as [string, number],
      );
      return [seed, finite(shared)] as const;
    });
  return fromRows(level, rows);
}

function atLevel(sample: Sample, level: Sample['level']): Sample {
  if (sample.level === level || level === 'prompt') return sample;
  return makeSample(seedMeans(sample).map((value, index) => ({ seed: sample.seeds[index] ?? NaN, value })));
}

function byKey(sample: Sample): Map<number, Map<string, number>> {
  return new Map(
    sample.seeds.map((seed, s) => [seed, finite(sample.prompts.map((prompt, p) => [prompt, sample.values[s]?.[p]]))]),
  );
}

/** The mean over prompts of each seed, [S]. */
export function seedMeans(sample: Sample): number[] {
  return sample.values.map((values) => mean([...values.filter((value) => !Number.isNaN(value))]));
}

/** The estimate: every seed counts the same, whatever its number of prompts. Null for an empty sample. */
export function sampleMean(sample: Sample): number | null {
  return sample.seeds.length === 0 ? null : mean(seedMeans(sample));
}
