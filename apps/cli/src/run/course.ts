import type { Cost, Curve, FrontierPoint } from '@tether/compare';

/** What a run's logs tell of its course. */

/** A line of `metrics.jsonl` or `timings.jsonl`. */
export type Line = Readonly<Record<string, unknown>>;

/** The course of every metric over training. */
export function curvesOf(lines: readonly Line[]): Record<string, Curve> {
  const curves: Record<string, { steps: number[]; values: number[] }> = {};
  for (const { step, evaluation, ...readings } of lines) {
    for (const [name, value] of Object.entries(readings)) {
      if (typeof value !== 'number' || (evaluation === true && !name.startsWith('eval/'))) continue;
      const curve = (curves[name] ??= { steps: [], values: [] });
      curve.steps.push(step as number); // every line has a step
      curve.values.push(value);
    }
  }
  return curves;
}

export const frontierOf = (lines: readonly Line[]): FrontierPoint[] =>
  lines
    .filter(({ evaluation }) => evaluation === true)
    .map(({ step, kl, reward, measure }) => ({
      step: step as number, // as `onEvaluate` wrote them
      kl: kl as number | null,
      reward: reward as number | null,
      ...(measure === undefined ? {} : { measure: measure as NonNullable<FrontierPoint['measure']> }),
    }));

/** Steps that compile a graph or fault in pages are not the rate; they count in the total. */
const WARM_UP_STEPS = 2;

/** Seconds, tokens and memory of a run from the lines of its timings. */
export function costOf(timings: readonly Line[]): Cost {
  const steps = timings as readonly { seconds: number; tokens: number; peakMemoryBytes: number }[]; // as `onStep` wrote them
  const warm = steps.length > WARM_UP_STEPS * 2 ? steps.slice(WARM_UP_STEPS) : steps;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const sorted = warm.map(({ seconds }) => seconds).toSorted((a, b) => a - b);
  return {
    seconds: sum(steps.map(({ seconds }) => seconds)),
    secondsPerStep: sorted[Math.floor(sorted.length / 2)] ?? null,
    tokensPerSecond: sum(warm.map(({ tokens }) => tokens)) / sum(warm.map(({ seconds }) => seconds)),
    peakMemoryBytes: steps.reduce((most, { peakMemoryBytes: bytes }) => Math.max(most, bytes), -Infinity),
  };
}
