import { bootstrapInterval } from '../statistics/bootstrap.ts';
import type { Draws } from '../statistics/draws.ts';
import { pairedDifferences, sampleMean, seedMeans, type Sample } from '../statistics/sample.ts';
import { signFlipTest } from '../statistics/signFlip.ts';
import type { Contrast, Estimate } from './schema.ts';

/** A contrast before the correction over all tests, which its outcome and sentence need. */
export type RawContrast = Omit<Contrast, 'correctedP' | 'outcome' | 'sentence'>;

export interface Estimator {
  readonly seeds: readonly number[];
  readonly confidence: number;
  readonly draws: Draws;
}

export function estimate(arm: string, sample: Sample, { seeds, confidence, draws }: Estimator): Estimate {
  return {
    arm,
    mean: sampleMean(sample),
    interval: bootstrapInterval(sample, confidence, draws),
    perSeed: alignSeeds(sample, seeds),
    prompts: promptCount(sample),
  };
}

export function contrast(arm: string, sample: Sample, baseline: Sample, estimator: Estimator): RawContrast {
  const { seeds, confidence, draws } = estimator;
  const differences = pairedDifferences(sample, baseline);
  const seedTest = signFlipTest(differences, 'seed', draws);
  return {
    arm,
    difference: sampleMean(differences),
    interval: bootstrapInterval(differences, confidence, draws),
    perSeed: alignSeeds(differences, seeds),
    prompts: promptCount(differences),
    test: signFlipTest(differences, 'prompt', draws) ?? seedTest,
    seedTest,
  };
}

function promptCount(sample: Sample): number {
  return sample.level === 'prompt' ? sample.prompts.length : 0;
}

function alignSeeds(sample: Sample, seeds: readonly number[]): (number | null)[] {
  const means = new Map(seedMeans(sample).map((value, index) => [sample.seeds[index], value]));
  return seeds.map((seed) => means.get(seed) ?? null);
}
