import {
  formatCount,
  formatFewerSeeds,
  formatList,
  formatNumber,
  formatPercent,
  formatPEquation,
  formatRange,
  formatRatio,
} from '../format.ts';
import { isAtFloor } from '../statistics/signFlip.ts';
import type { RawContrast } from './contrast.ts';
import type { Measure } from './measures.ts';
import type { ArmCost, Contrast, MeasureSummary, Outcome, Verdict } from './schema.ts';

export interface Judge {
  readonly baseline: string;
  readonly confidence: number;
  /** How many p-values the correction counts. */
  readonly tests: number;
}

/** The largest p-value that shows a difference. The rounding of 1 − 0.95 must not decide about a p of exactly 0.05. */
export function significanceLevel(confidence: number): number {
  return 1 - confidence + 1e-9;
}

/**
 * A difference is shown when its interval leaves out 0 and its corrected p-value is at most 1 − confidence. The first
 * speaks about new seeds (where there are several), the second guards against many measures.
 */
export function judge(raw: RawContrast, correctedP: number | null, measure: Measure, by: Judge): Contrast {
  const outcome = outcomeOf(raw, correctedP, measure, significanceLevel(by.confidence));
  const judged = { ...raw, correctedP, outcome };
  return { ...judged, sentence: sentenceOf(judged, measure, by) };
}

function outcomeOf(raw: RawContrast, correctedP: number | null, measure: Measure, alpha: number): Outcome {
  const { difference, interval } = raw;
  if (difference === null) return 'missing';
  const leavesOutZero = interval !== null && (interval.low > 0 || interval.high < 0);
  if (!leavesOutZero || correctedP === null || correctedP > alpha) return 'not shown';
  const direction = difference > 0 ? 'higher' : 'lower';
  if (measure.definition.better === 'neutral') return direction;
  return measure.definition.better === direction ? 'better' : 'worse';
}

function sentenceOf(contrast: Omit<Contrast, 'sentence'>, measure: Measure, by: Judge): string {
  const { arm, outcome } = contrast;
  const { baseline } = by;
  const amount = amountText(contrast, measure, by);
  const sentences: Record<Outcome, () => string> = {
    better: () => `${arm} is better than ${baseline} on ${measure.label} by ${amount}.`,
    worse: () => `${arm} is worse than ${baseline} on ${measure.label} by ${amount}.`,
    higher: () => `${arm} is higher than ${baseline} on ${measure.label} by ${amount}.`,
    lower: () => `${arm} is lower than ${baseline} on ${measure.label} by ${amount}.`,
    'not shown': () =>
      `No difference shown between ${arm} and ${baseline} on ${measure.label}: ${amount}.${whyNotShown(contrast, by)}`,
    missing: () => `${arm} and ${baseline} have no seed in common with values of ${measure.label}.`,
  };
  return sentences[outcome]();
}

/** `0.12 (95 % interval 0.05 to 0.19, corrected p = 0.010, 2 of 3 seeds)`, counted in the direction that the sentence names. */
function amountText(contrast: Omit<Contrast, 'sentence'>, measure: Measure, by: Judge): string {
  const { difference, interval, correctedP, outcome, test, perSeed } = contrast;
  const flip = outcome !== 'not shown' && difference !== null && difference < 0;
  const { digits, unit } = measure.definition;
  const amount = formatNumber(flip ? -difference : difference, digits) + (unit ? ` ${unit}` : '');
  const details = [
    interval && `${formatPercent(by.confidence)} interval ${orientedRange(interval, flip, digits)}`,
    correctedP !== null && `corrected ${formatPEquation(correctedP, isAtFloor(test))}`,
    formatFewerSeeds(perSeed),
  ].filter(Boolean);
  return details.length === 0 ? amount : `${amount} (${details.join(', ')})`;
}

function orientedRange(interval: { low: number; high: number }, flip: boolean, digits: number | undefined): string {
  return flip ? formatRange(-interval.high, -interval.low, digits) : formatRange(interval.low, interval.high, digits);
}

/** What stands in the way where the interval or the p-value alone would have shown a difference, or nothing could have. */
function whyNotShown({ interval, test, correctedP }: Omit<Contrast, 'sentence'>, by: Judge): string {
  const alpha = significanceLevel(by.confidence);
  if (interval === null) return ' One seed with one number has no interval.';
  if (test && test.smallestPossible > alpha)
    return ` With ${unitsText(test)} no difference could be shown: the smallest possible p is ${formatNumber(test.smallestPossible, 3)}.`;
  const leavesOutZero = interval.low > 0 || interval.high < 0;
  if (test && leavesOutZero && test.p > alpha) return ' The interval leaves out 0, but the test does not show it.';
  const isCorrectedTooLarge = correctedP !== null && correctedP > alpha;
  if (test && isCorrectedTooLarge && test.smallestPossible * by.tests > alpha)
    return smallestPossibleText(test, by.tests);
  if (leavesOutZero) return ' The interval leaves out 0, but so many measures need a smaller p.';
  const policiesDiffer = test?.unit !== 'seed' && correctedP !== null && !isCorrectedTooLarge;
  const seedsVary = policiesDiffer && interval.over.startsWith('seeds');
  return seedsVary ? ' These trained policies differ, but seeds vary too much to say so of new ones.' : '';
}

type Test = NonNullable<Contrast['test']>;

/** Holm multiplies the smallest p by all tests and later ones by fewer: so much a correction can do, but need not. */
function smallestPossibleText(test: Test, tests: number): string {
  const size = test.method === 'exact' ? unitsText(test) : 'so many random sign patterns';
  const [smallest, corrected] = [test.smallestPossible, Math.min(1, test.smallestPossible * tests)];
  return (
    ` With ${size} the smallest possible p is ${formatNumber(smallest, 3)}, ` +
    `which the correction over ${tests} tests can raise to ${formatNumber(corrected, 3)}.`
  );
}

function unitsText({ units, unit }: Test): string {
  return formatCount(units, unit);
}

/** One sentence per arm: the headline measure, the count over all measures, and the price. */
export function armVerdict(
  arm: string,
  headline: MeasureSummary | null,
  measures: readonly MeasureSummary[],
  cost: ArmCost | undefined,
  by: Judge,
): Verdict {
  const contrasts = measures.flatMap((measure) => measure.contrasts.filter((contrast) => contrast.arm === arm));
  const counts = countOutcomes(contrasts);
  const main = headline?.contrasts.find((contrast) => contrast.arm === arm);
  const parts = [
    main?.sentence ?? `${arm} has no headline measure.`,
    `Over ${formatCount(contrasts.length, 'measure')}: ${countText(counts)}${onFewerSeeds(contrasts)}.`,
    costText(cost, by.baseline),
  ];
  return { arm, sentence: parts.filter(Boolean).join(' '), headline: main?.outcome ?? 'missing', counts };
}

const OUTCOMES: readonly Outcome[] = ['better', 'worse', 'higher', 'lower', 'not shown', 'missing'];

const COUNT_WORDS: Record<Outcome, string> = {
  better: 'better on',
  worse: 'worse on',
  higher: 'higher on',
  lower: 'lower on',
  'not shown': 'no difference shown on',
  missing: 'missing on',
};

function countOutcomes(contrasts: readonly Contrast[]): Record<Outcome, number> {
  const count = (outcome: Outcome): number => contrasts.filter((contrast) => contrast.outcome === outcome).length;
  return {
    better: count('better'),
    worse: count('worse'),
    higher: count('higher'),
    lower: count('lower'),
    'not shown': count('not shown'),
    missing: count('missing'),
  };
}

/** ` (4 of them on fewer than 3 seeds)` */
function onFewerSeeds(contrasts: readonly Contrast[]): string {
  const fewer = contrasts.filter(({ perSeed }) => formatFewerSeeds(perSeed) !== null);
  const seeds = fewer[0]?.perSeed.length ?? 0;
  return fewer.length === 0 ? '' : ` (${fewer.length} of them on fewer than ${formatCount(seeds, 'seed')})`;
}

function countText(counts: Record<Outcome, number>): string {
  const present = OUTCOMES.filter((outcome) => counts[outcome] > 0);
  return present.map((outcome) => `${COUNT_WORDS[outcome]} ${counts[outcome]}`).join(', ') || 'nothing measured';
}

function costText(cost: ArmCost | undefined, baseline: string): string {
  if (!cost?.overhead) return 'Its cost relative to the baseline was not measured.';
  const time = cost.overhead.basis === 'secondsPerStep' ? 'time per step' : 'run time';
  const memory = cost.memoryRatio ? ` and ${formatRatio(cost.memoryRatio.mean)} its peak memory` : '';
  return `It costs ${formatRatio(cost.overhead.mean)} the ${time} of ${baseline}${memory}.`;
}

/** What stands at the top of the report. */
export function headlineSentence(headline: MeasureSummary | null, baseline: string): string {
  if (!headline) return 'Nothing was measured that could be called better or worse.';
  return amongArms(headline, baseline) + againstBefore(headline);
}

function amongArms(headline: MeasureSummary, baseline: string): string {
  const shown = headline.contrasts.filter(({ outcome }) => outcome !== 'not shown' && outcome !== 'missing');
  if (shown.length > 0) return shown.map(({ sentence }) => sentence).join(' ');
  const compared = headline.contrasts.filter(({ outcome }) => outcome !== 'missing');
  if (compared.length === 0) return `${headline.label}: there is nothing to compare with ${baseline}.`;
  const toldApart = `No difference shown: on ${headline.label}, no arm is told apart from the baseline (${baseline}).`;
  return toldApart + notAllCompared(headline.contrasts);
}

function notAllCompared(contrasts: readonly Contrast[]): string {
  const fewer = contrasts.flatMap(({ arm, outcome, perSeed }) => {
    const seeds = outcome === 'missing' ? 'no seed' : formatFewerSeeds(perSeed);
    return seeds === null ? [] : [`${arm} on ${seeds}`];
  });
  return fewer.length === 0 ? '' : ` Not all could be compared on every seed: ${formatList(fewer)}.`;
}

/** Arms can be told apart and all have become worse: said wherever no arm's mean is better than before training. */
function againstBefore({ before, estimates, definition }: MeasureSummary): string {
  const means = estimates.flatMap(({ mean }) => mean ?? []);
  if (before === null || definition.better === 'neutral' || means.length === 0) return '';
  const gained = (mean: number): boolean => (definition.better === 'higher' ? mean > before : mean < before);
  if (means.some(gained)) return '';
  const value = formatNumber(before, definition.digits);
  return ` No arm’s mean is better than before training (${value}).`;
}
