import { quantileSorted } from 'simple-statistics';
import { normalQuantile, studentQuantile } from './distributions.ts';
import { rowsAtOnce, type Draws } from './draws.ts';
import { sampleMean, seedMeans, type Sample } from './sample.ts';

/** What was resampled, and so what the interval generalizes to. */
export type Population = 'seeds and prompts' | 'seeds' | 'prompts';

export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly over: Population;
}

/**
 * Percentile bootstrap interval of the mean (Efron & Tibshirani 1993, ch. 13). Where there are several seeds and several
 * prompts, both are resampled, crossed: one draw of prompts serves every drawn seed (McCullagh 2000; Owen 2007, "The
 * pigeonhole bootstrap"), because a hard prompt is hard for all seeds. Deviations are widened for few units by
 * {@link fewUnitsExpansion}. Null when there is nothing to resample (one seed and one number).
 */
export function bootstrapInterval(sample: Sample, confidence: number, draws: Draws): Interval | null {
  const [seeds, prompts] = [sample.seeds.length, sample.prompts.length];
  if (seeds === 0 || (seeds === 1 && prompts === 1)) return null;
  const tail = (1 - confidence) / 2;
  const sorted = Array.from(allMeans(sample, confidence, draws).sort());
  return {
    low: quantileSorted(sorted, tail),
    high: quantileSorted(sorted, 1 - tail),
    over: seeds === 1 ? 'prompts' : prompts === 1 ? 'seeds' : 'seeds and prompts',
  };
}

/** The means of all resamples. Prompts are drawn for some resamples at a time, so that memory holds for many prompts. */
function allMeans(sample: Sample, confidence: number, draws: Draws): Float64Array {
  const [seeds, prompts] = [sample.seeds.length, sample.prompts.length];
  const seedIndices = draws.seedIndices(seeds);
  const expansions = {
    seedExpansion: fewUnitsExpansion(seeds, confidence),
    promptExpansion: fewUnitsExpansion(prompts, confidence),
  };
  const means = new Float64Array(draws.resamples);
  const block = rowsAtOnce(prompts);
  for (let first = 0; first < draws.resamples; first += block) {
    const resamples = Math.min(block, draws.resamples - first);
    const drawn = {
      seedIndices: seedIndices.subarray(first * seeds, (first + resamples) * seeds),
      promptIndices: draws.promptIndices(prompts, first, resamples),
      resamples,
    };
    means.set(bootstrapMeans(sample, { ...drawn, ...expansions }), first);
  }
  return means;
}

/**
 * How much too narrow a percentile interval from n units is: the resampled variance is (n − 1)/n of the unbiased one,
 * and normal instead of Student quantiles come out (Hesterberg 2015, "What teachers should know about the bootstrap").
 * With 3 seeds the factor is 2.69, with 64 prompts 1.03. One unit is not resampled: 1.
 */
export function fewUnitsExpansion(units: number, confidence: number): number {
  if (units < 2) return 1;
  const probability = 1 - (1 - confidence) / 2;
  const quantiles = studentQuantile(probability, units - 1) / normalQuantile(probability);
  return Math.sqrt(units / (units - 1)) * quantiles;
}

export interface Resampling {
  readonly seedIndices: ArrayLike<number>; // [resamples, S]
  readonly promptIndices: ArrayLike<number>; // [resamples, P]
  readonly resamples: number;
  readonly seedExpansion: number;
  readonly promptExpansion: number;
}

/** The resampled means, [resamples]. A resample that meets only holes counts as the sample's own mean. */
export function bootstrapMeans(sample: Sample, resampling: Resampling): Float64Array {
  const [seeds, prompts] = [sample.seeds.length, sample.prompts.length];
  const { seedIndices, promptIndices, seedExpansion, promptExpansion } = resampling;
  const center = sampleMean(sample) ?? NaN;
  const original = Float64Array.from(seedMeans(sample)); // [S]
  const redrawn = new Float64Array(seeds); // [S]: each seed's mean over the drawn prompts
  const drawnSeeds = new Uint32Array(seeds);
  return Float64Array.from({ length: resampling.resamples }, (_, resample) => {
    for (let s = 0; s < seeds; s++) {
      drawnSeeds[s] = seedIndices[resample * seeds + s] ?? 0;
      redrawn[s] = meanOfDrawn(sample.values[s] ?? new Float64Array(), promptIndices, resample * prompts, prompts);
    }
    const both = meanAt(redrawn, drawnSeeds, center);
    const seedDeviation = meanAt(original, drawnSeeds, center) - center;
    const promptDeviation = meanAt(redrawn, null, center) - center;
    return both + (seedExpansion - 1) * seedDeviation + (promptExpansion - 1) * promptDeviation;
  });
}

function meanOfDrawn(values: Float64Array, indices: ArrayLike<number>, start: number, count: number): number {
  let [total, present] = [0, 0];
  for (let position = start; position < start + count; position++) {
    const value = values[indices[position] ?? 0] ?? NaN;
    if (value !== value) continue; // a hole
    total += value;
    present += 1;
  }
  return present === 0 ? NaN : total / present;
}

/** Mean of `values` at `indices` (or of all), leaving out holes. */
function meanAt(values: Float64Array, indices: Uint32Array | null, otherwise: number): number {
  let [total, present] = [0, 0];
  for (let position = 0; position < values.length; position++) {
    const value = values[indices ? (indices[position] ?? 0) : position] ?? NaN;
    if (value !== value) continue;
    total += value;
    present += 1;
  }
  return present === 0 ? otherwise : total / present;
}
