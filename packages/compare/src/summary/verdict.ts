import { formatNumber, formatPercent, formatPEquation, formatRange, formatRatio } from '../format.ts';
import type { RawContrast } from './contrast.ts';
import type { Measure } from './measures.ts';
import type { ArmCost, Contrast, MeasureSummary, Outcome, Verdict } from './schema.ts';

export interface Judge {
  readonly baseline: string;
  readonly confidence: number;
}

/**
 * A difference is shown when its interval leaves out 0 and its corrected p-value is at most 1 − confidence. The first
 * speaks about new seeds (where there are several), the second guards against many measures.
 */
export function judge(raw: RawContrast, correctedP: number | null, measure: Measure, by: Judge): Contrast {
  const outcome = outcomeOf(raw, correctedP, measure, 1 - by.confidence);
  const judged = { ...raw, correctedP, outcome };
  return { ...judged, sentence: sentenceOf(judged, measure, by) };
}

function outcomeOf(raw: RawContrast, correctedP: number | null, measure: Measure, alpha: number): Outcome {
  const { difference, interval } = raw;
  if (difference === null) return 'missing';
  const leavesOutZero = interval !== null && (interval.low > 0 || interval.high < 0);
  // The rounding of 1 − 0.95 must not decide about a p-value of exactly 0.05.
  if (!leavesOutZero || correctedP === null || correctedP > alpha + 1e-9) return 'not shown';
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

/** `0.12 (95 % interval 0.05 to 0.19, corrected p = 0.010)`, counted in the direction that the sentence names. */
function amountText(contrast: Omit<Contrast, 'sentence'>, measure: Measure, by: Judge): string {
  const { difference, interval, correctedP, outcome } = contrast;
  const flip = outcome !== 'not shown' && difference !== null && difference < 0;
  const { digits, unit } = measure.definition;
  const amount = formatNumber(flip ? -difference : difference, digits) + (unit ? ` ${unit}` : '');
  const details = [
    interval && `${formatPercent(by.confidence)} interval ${orientedRange(interval, flip, digits)}`,
    correctedP !== null && `corrected ${formatPEquation(correctedP)}`,
  ].filter(Boolean);
  return details.length === 0 ? amount : `${amount} (${details.join(', ')})`;
}

function orientedRange(interval: { low: number; high: number }, flip: boolean, digits: number | undefined): string {
  return flip ? formatRange(-interval.high, -interval.low, digits) : formatRange(interval.low, interval.high, digits);
}

/** What stands in the way where the interval or the p-value alone would have shown a difference. */
function whyNotShown({ interval, test, correctedP }: Omit<Contrast, 'sentence'>, by: Judge): string {
  const alpha = 1 - by.confidence;
  if (interval === null) return ' One seed with one number has no interval.';
  if (test && test.smallestPossible > alpha) {
    const smallest = formatNumber(test.smallestPossible, 3);
    return ` With ${test.units} ${test.unit}s no difference could be shown: the smallest possible p is ${smallest}.`;
  }
  if (interval.low > 0 || interval.high < 0)
    return ' The interval leaves out 0, but so many measures need a smaller p.';
  const policiesDiffer = test?.unit === 'prompt' && correctedP !== null && correctedP <= alpha;
  const seedsVary = policiesDiffer && interval.over !== 'prompts';
  return seedsVary ? ' These trained policies differ, but seeds vary too much to say so of new ones.' : '';
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
    `Over all ${contrasts.length} measures: ${countText(counts)}.`,
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

/** The one sentence at the top of the report. */
export function headlineSentence(headline: MeasureSummary | null, baseline: string): string {
  if (!headline) return 'Nothing was measured that could be called better or worse.';
  const shown = headline.contrasts.filter(({ outcome }) => outcome !== 'not shown' && outcome !== 'missing');
  if (shown.length > 0) return shown.map(({ sentence }) => sentence).join(' ');
  const compared = headline.contrasts.filter(({ outcome }) => outcome !== 'missing');
  if (compared.length === 0) return `${headline.label}: there is nothing to compare with ${baseline}.`;
  return `No difference shown: on ${headline.label}, no arm is told apart from the baseline (${baseline}).`;
}
