import { formatNumber, formatPercent } from '../format.ts';
import { fewUnitsExpansion } from '../statistics/bootstrap.ts';
import type { Analysis, MeasureSummary } from './schema.ts';

/** How the numbers of this comparison came about, and what they can and cannot say. */
export function methodNotes(
  analysis: Analysis,
  seeds: number,
  measures: readonly MeasureSummary[],
  tests: number,
): string[] {
  const perPrompt = measures.some(({ contrasts }) => contrasts.some(({ test }) => test?.unit === 'prompt'));
  const notes = [
    'Differences are paired: arm minus baseline with the same seed (and the same prompt). Every seed counts the same.',
    intervalNote(analysis, seeds, perPrompt),
    expansionNote(analysis, seeds),
    testNote(analysis, perPrompt),
    seedNote(seeds),
    `p-values are corrected by Holm's step-down method over all ${tests} tests (measures × arms). Intervals are not ` +
      `corrected: of ${tests} intervals of no difference, about ${formatNumber(tests * (1 - analysis.confidence), 1)} ` +
      'would leave out 0 by chance.',
    `A difference is called shown when its interval leaves out 0 and its corrected p is at most ` +
      `${formatNumber(1 - analysis.confidence, 2)}.`,
    'Overhead is the geometric mean over seeds of the ratio to the baseline.',
  ];
  return notes.filter((note) => note !== '');
}

function intervalNote({ confidence, resamples, seed }: Analysis, seeds: number, perPrompt: boolean): string {
  const percent = formatPercent(confidence);
  const how = `${percent} intervals are bootstrap percentile intervals (${resamples} resamples, random seed ${seed})`;
  if (seeds === 1) {
    return `${how} over prompts. There is one seed, so they speak about new prompts for these very policies and say nothing about other seeds.`;
  }
  if (!perPrompt) return `${how} over seeds.`;
  return (
    `${how} that redraw seeds and prompts together, so they speak about new seeds and new prompts. ` +
    'Measures with one number per run are redrawn over seeds alone.'
  );
}

function expansionNote({ confidence }: Analysis, seeds: number): string {
  if (seeds < 2) return '';
  const factor = formatNumber(fewUnitsExpansion(seeds, confidence), 2);
  return `A percentile interval from few units is too narrow. Deviations between the ${seeds} seeds are therefore multiplied by ${factor} (Student's t and n/(n − 1)), and those between prompts likewise by their own factor.`;
}

function testNote({ permutations }: Analysis, perPrompt: boolean): string {
  const how = `p-values come from paired sign-flip permutation tests, two-sided: exact up to ${permutations} sign patterns, else ${permutations} random ones.`;
  if (!perPrompt) return `${how} The unit is the seed.`;
  return `${how} Where values per prompt exist, the unit is the prompt, flipped in all seeds at once: that p-value speaks about these trained policies on new prompts, and only the interval speaks about new seeds. Elsewhere the unit is the seed.`;
}

function seedNote(seeds: number): string {
  const smallest = Math.min(1, 2 / 2 ** seeds);
  if (smallest <= 0.05) return '';
  const plural = seeds === 1 ? 'seed' : 'seeds';
  return `With ${seeds} ${plural} a test by seed cannot give a p below ${formatNumber(smallest, 3)}, so it cannot show a difference by itself.`;
}
