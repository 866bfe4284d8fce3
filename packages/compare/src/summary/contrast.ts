import type { MetricRange } from '../raw/metrics.ts';
import type { Unit } from '../raw/schema.ts';
import { bootstrapInterval, type Interval } from '../statistics/bootstrap.ts';
import type { Draws } from '../statistics/draws.ts';
import { pairedDifferences, sampleMean, seedMeans, type Sample } from '../statistics/sample.ts';
import { signFlipTest, type SignFlipTest } from '../statistics/signFlip.ts';
import { clipInterval, differenceRange } from './range.ts';
import type { Contrast, Estimate } from './schema.ts';

/** A contrast before the correction over all tests, which its outcome and sentence need. */
export type RawContrast = Omit<Contrast, 'correctedP' | 'outcome' | 'sentence'>;

export interface Estimator {
  readonly seeds: readonly number[];
  readonly confidence: number;
  readonly draws: Draws;
  /** Of the metric; intervals do not leave it. */
  readonly range: MetricRange;
  /** What the statistics call a prompt. */
  readonly unit: Unit;
}

export function estimate(arm: string, sample: Sample, { seeds, confidence, draws, range, unit }: Estimator): Estimate {
  const mean = sampleMean(sample);
  return {
    arm,
    mean,
    interval: intervalOver(unit, clipInterval(bootstrapInterval(sample, confidence, draws), mean, range)),
    perSeed: alignSeeds(sample, seeds),
    prompts: promptCount(sample),
  };
}

export function contrast(arm: string, sample: Sample, baseline: Sample, estimator: Estimator): RawContrast {
  const { seeds, confidence, draws, range, unit } = estimator;
  const differences = pairedDifferences(sample, baseline);
  const difference = sampleMean(differences);
  const seedTest = signFlipTest(differences, 'seed', draws);
  const interval = clipInterval(bootstrapInterval(differences, confidence, draws), difference, differenceRange(range));
  return {
    arm,
    difference,
    interval: intervalOver(unit, interval),
    perSeed: alignSeeds(differences, seeds),
    prompts: promptCount(differences),
    test: testBy(unit, moreSensitive(signFlipTest(differences, 'prompt', draws), seedTest)),
    seedTest,
  };
}

type NamedInterval = NonNullable<Estimate['interval']>;

/** An interval that names its units as the data has them. */
function intervalOver(unit: Unit, interval: Interval | null): NamedInterval | null {
  if (interval === null || unit === 'prompt') return interval;
  const { over } = interval;
  return { ...interval, over: over === 'prompts' ? 'rows' : over === 'seeds' ? 'seeds' : 'seeds and rows' };
}

const testBy = (unit: Unit, test: SignFlipTest | null): Contrast['test'] =>
  test?.unit === 'prompt' ? { ...test, unit } : test;

/** The test that can give the smaller p, by prompt where both can. The numbers of units decide, never the outcomes. */
function moreSensitive(byPrompt: SignFlipTest | null, bySeed: SignFlipTest | null): SignFlipTest | null {
  if (!byPrompt || !bySeed) return byPrompt ?? bySeed;
  return bySeed.smallestPossible < byPrompt.smallestPossible ? bySeed : byPrompt;
}

function promptCount(sample: Sample): number {
  return sample.level === 'prompt' ? sample.prompts.length : 0;
}

function alignSeeds(sample: Sample, seeds: readonly number[]): (number | null)[] {
  const means = new Map(seedMeans(sample).map((value, index) => [sample.seeds[index], value]));
  return seeds.map((seed) => means.get(seed) ?? null);
}
