import { formatCount, formatList, formatNumber, formatPercent } from '../format.ts';
import type { Unit } from '../raw/schema.ts';
import { fewUnitsExpansion } from '../statistics/bootstrap.ts';
import type { Analysis, Contrast, Estimate, MeasureSummary } from './schema.ts';
import { significanceLevel } from './verdict.ts';

/** How the numbers of this comparison came about, and what they can and cannot say. */
export function methodNotes(
  analysis: Analysis,
  unit: Unit,
  seeds: number,
  measures: readonly MeasureSummary[],
  tests: number,
): string[] {
  const contrasts = measures.flatMap((measure) => measure.contrasts);
  const withInterval = [...measures.flatMap(({ estimates }) => estimates), ...contrasts].filter(
    ({ interval }) => interval !== null,
  );
  const notes = [
    `Differences are paired: arm minus baseline with the same seed (and the same ${unit}). Every seed counts the same.`,
    intervalNote(analysis, unit, withInterval),
    expansionNote(analysis, unit, withInterval),
    rangeNote(measures),
    testNote(analysis, unit, contrasts),
    seedNote(analysis, seeds),
    correctionNote(analysis, tests, contrasts.filter(({ interval }) => interval !== null).length),
    `A difference is called shown when its interval leaves out 0 and its corrected p is at most ` +
      `${formatNumber(1 - analysis.confidence, 2)}.`,
    'Overhead is the geometric mean over seeds of the ratio to the baseline.',
  ];
  return notes.filter((note) => note !== '');
}

type WithInterval = Pick<Contrast | Estimate, 'interval' | 'perSeed'>;

/** What intervals say, by what was redrawn. */
const speaksAbout = (unit: Unit) => [
  {
    over: `seeds and ${unit}s`,
    note: `Where there are several seeds and ${unit}s, both are redrawn together: intervals speak about new seeds and new ${unit}s.`,
  },
  { over: 'seeds', note: `Where runs have one number or one ${unit}, seeds alone are redrawn.` },
  {
    over: `${unit}s`,
    note: `Where there is one seed, ${unit}s alone are redrawn: intervals speak about new ${unit}s for these very policies and say nothing about other seeds.`,
  },
];

function intervalNote(
  { confidence, resamples, seed }: Analysis,
  unit: Unit,
  withInterval: readonly WithInterval[],
): string {
  if (withInterval.length === 0) return 'There are no intervals: one seed with one number has none.';
  const how = `${formatPercent(confidence)} intervals are percentile bootstrap intervals, widened for few units (${resamples} resamples, random seed ${seed}).`;
  const present = new Set<string | undefined>(withInterval.map(({ interval }) => interval?.over));
  const notes = speaksAbout(unit).filter(({ over }) => present.has(over));
  return [how, ...notes.map(({ note }) => note)].join(' ');
}

/** The factors of the numbers of seeds that intervals really rest on, which may be fewer than the comparison has. */
function expansionNote({ confidence }: Analysis, unit: Unit, withInterval: readonly WithInterval[]): string {
  const present = withInterval.map(({ perSeed }) => perSeed.filter((value) => value !== null).length);
  const counts = [...new Set(present)].filter((seeds) => seeds > 1).sort((left, right) => right - left);
  if (counts.length === 0) return '';
  const factors = counts.map(
    (seeds) => `${formatNumber(fewUnitsExpansion(seeds, confidence), 2)} with ${formatCount(seeds, 'seed')}`,
  );
  return `A percentile interval from few units is too narrow. Deviations between seeds are therefore multiplied by ${formatList(factors)} (Student's t and n/(n − 1)), and those between ${unit}s likewise by their own factor.`;
}

function rangeNote(measures: readonly MeasureSummary[]): string {
  const definitions = new Map(measures.map(({ definition }) => [definition.id, definition]));
  const ranges = [...definitions.values()].flatMap(({ label, range: { low, high } = {} }) => {
    if (low !== undefined && high !== undefined) return [`${label} from ${low} to ${high}`];
    if (low !== undefined) return [`${label} at least ${low}`];
    return high === undefined ? [] : [`${label} at most ${high}`];
  });
  if (ranges.length === 0) return '';
  return `Intervals are clipped to the range of their metric (${ranges.join('; ')}), those of differences to its width on either side of 0 where it has two ends.`;
}

function testNote({ permutations }: Analysis, unit: Unit, contrasts: readonly Contrast[]): string {
  const how = `p-values come from paired sign-flip permutation tests, two-sided: exact up to ${permutations} sign patterns, else ${permutations} random ones. A p that none of the random patterns reached is written as a bound (≤).`;
  if (!contrasts.some(({ prompts }) => prompts > 0)) return `${how} The unit is the seed.`;
  return `${how} The unit is the ${unit}, flipped in all seeds at once, or the seed: whichever can give the smaller p by its number alone, the ${unit} where both can. A p by ${unit} speaks about these trained policies on new ${unit}s, and only the interval speaks about new seeds.`;
}

function seedNote({ confidence }: Analysis, seeds: number): string {
  const smallest = Math.min(1, 2 / 2 ** seeds);
  if (smallest <= significanceLevel(confidence)) return '';
  return `With ${formatCount(seeds, 'seed')} a test by seed cannot give a p below ${formatNumber(smallest, 3)}, so it cannot show a difference by itself.`;
}

function correctionNote({ confidence }: Analysis, tests: number, intervals: number): string {
  const corrected = `p-values are corrected by Holm's step-down method over ${formatCount(tests, 'test')} (measures × arms).`;
  if (intervals === 0) return corrected;
  const byChance = formatNumber(intervals * (1 - confidence), 1);
  return `${corrected} Intervals are not corrected: of ${formatCount(intervals, 'interval')} of no difference, about ${byChance} would leave out 0 by chance.`;
}
