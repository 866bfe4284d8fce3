import { max, mean, min } from 'simple-statistics';

export interface SeedCurve {
  readonly steps: readonly number[];
  readonly values: readonly (number | null)[];
}

/** The seeds of one arm at one step (or window of steps): their mean and range. */
export interface BandPoint {
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** More points than pixels only make the file large and the line noisy. */
const MOST_POINTS = 240;

/** How many steps make one point of a chart. */
export function windowSize(curves: readonly SeedCurve[]): number {
  return Math.max(1, Math.ceil(allSteps(curves).length / MOST_POINTS));
}

/** Mean and range over seeds, step by step; `window` neighbouring steps are averaged per seed first. Missing values are left out. */
export function seedBand(curves: readonly SeedCurve[], window = 1): BandPoint[] {
  const steps = allSteps(curves);
  const bySeed = curves.map(finiteValues);
  const points: BandPoint[] = [];
  for (let start = 0; start < steps.length; start += window) {
    const within = steps.slice(start, start + window);
    const seeds = bySeed.flatMap((values) => {
      const present = within.flatMap((step) => values.get(step) ?? []);
      return present.length === 0 ? [] : [mean(present)];
    });
    const step = within.at(-1);
    if (seeds.length === 0 || step === undefined) continue;
    points.push({ step, mean: mean(seeds), low: min(seeds), high: max(seeds) });
  }
  return points;
}

function allSteps(curves: readonly SeedCurve[]): number[] {
  return [...new Set(curves.flatMap(({ steps }) => steps))].sort((left, right) => left - right);
}

function finiteValues({ steps, values }: SeedCurve): Map<number, number> {
  const pairs = steps.map((step, index) => [step, values[index]] as const);
  return new Map(pairs.filter((pair): pair is [number, number] => Number.isFinite(pair[1])));
}
