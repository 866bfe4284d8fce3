import { InvalidComparisonError } from '../raw/parse.ts';
import { findProblems } from '../raw/problems.ts';
import type { RawComparison } from '../raw/schema.ts';
import { makeDraws } from '../statistics/draws.ts';
import { holm } from '../statistics/holm.ts';
import { contrast, estimate, type Estimator, type RawContrast } from './contrast.ts';
import { summarizeCosts } from './cost.ts';
import { beforeMean, headlineMeasure, keyOf, listMeasures, sameKey, sampleOf, type Measure } from './measures.ts';
import { methodNotes } from './method.ts';
import { listMissing } from './missing.ts';
import { analysisSchema, type Analysis, type Estimate, type MeasureSummary, type Summary } from './schema.ts';
import { armVerdict, headlineSentence, judge, type Judge } from './verdict.ts';

export const defaultAnalysis: Analysis = { confidence: 0.95, resamples: 5000, permutations: 20000, seed: 0 };

/**
 * All statistics of a comparison. Pure: the same comparison and options give the same summary, bit for bit.
 * Throws {@link InvalidComparisonError} when the comparison contradicts itself, and a zod error for bad options.
 */
export function summarize(raw: RawComparison, options: Partial<Analysis> = {}): Summary {
  refuseProblems(raw);
  const analysis = analysisSchema.parse({ ...defaultAnalysis, ...options });
  const baseline = raw.arms[0]?.name ?? '';
  const draws = makeDraws(analysis.seed, analysis.resamples, analysis.permutations);
  const estimator = { seeds: raw.seeds, confidence: analysis.confidence, draws, unit: raw.unit ?? 'prompt' };

  const listed = listMeasures(raw);
  const estimated = listed.map((measure) => estimateMeasure(raw, measure, estimator));
  const tests = estimated.flatMap(({ contrasts }) => contrasts).filter(({ test }) => test !== null).length;
  const by: Judge = { baseline, confidence: analysis.confidence, tests };
  const measures = correct(estimated, by);
  const main = headlineMeasure(raw, listed);
  const headline = main ? (measures.find(({ key }) => sameKey(key, main.key)) ?? null) : null;
  const costs = summarizeCosts(raw);
  return {
    version: 1,
    name: raw.name,
    ...(raw.createdAt === undefined ? {} : { createdAt: raw.createdAt }),
    analysis,
    arms: raw.arms.map(({ name }) => name),
    baseline,
    seeds: [...raw.seeds],
    headline: { measure: headline ? keyOf(headline.key) : null, sentence: headlineSentence(headline, baseline) },
    verdicts: raw.arms.slice(1).map(({ name }) => {
      const cost = costs.find(({ arm }) => arm === name);
      return armVerdict(name, headline, measures, cost, by);
    }),
    measures,
    costs,
    tests,
    missing: listMissing(raw, measures),
    method: methodNotes(analysis, raw.unit ?? 'prompt', raw.seeds.length, measures, tests),
  };
}

function refuseProblems(raw: RawComparison): void {
  const problems = findProblems(raw).map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  if (problems.length === 0) return;
  throw new InvalidComparisonError(`The comparison has ${problems.length} problem(s):\n${problems.join('\n')}`);
}

interface Estimated {
  readonly measure: Measure;
  readonly before: number | null;
  readonly estimates: Estimate[];
  readonly contrasts: RawContrast[];
}

function estimateMeasure(raw: RawComparison, measure: Measure, common: Omit<Estimator, 'range'>): Estimated {
  const estimator: Estimator = { ...common, range: measure.definition.range ?? {} };
  const [first, ...others] = raw.arms.map(({ name }) => ({ name, sample: sampleOf(raw, measure.key, name) }));
  const arms = first ? [first, ...others] : [];
  return {
    measure,
    before: beforeMean(raw, measure.key),
    estimates: arms.map(({ name, sample }) => estimate(name, sample, estimator)),
    contrasts: first ? others.map(({ name, sample }) => contrast(name, sample, first.sample, estimator)) : [],
  };
}

/** Corrects over all measures × arms at once, then judges each contrast. */
function correct(estimated: readonly Estimated[], by: Judge): MeasureSummary[] {
  const all = estimated.flatMap(({ contrasts }) => contrasts);
  const corrected = new Map(holm(all.map(({ test }) => test?.p ?? null)).map((p, index) => [all[index], p]));
  return estimated.map(({ measure, before, estimates, contrasts }) => ({
    key: measure.key,
    definition: measure.definition,
    label: measure.label,
    before,
    estimates,
    contrasts: contrasts.map((raw) => judge(raw, corrected.get(raw) ?? null, measure, by)),
  }));
}
