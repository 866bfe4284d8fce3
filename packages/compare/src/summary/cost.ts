import { geometricMean, max, mean, min } from 'simple-statistics';
import type { Cost, RawComparison } from '../raw/schema.ts';
import type { ArmCost, Ratio } from './schema.ts';

type CostField = keyof Cost;

/** What each arm cost, and relative to the first arm on the same seeds. */
export function summarizeCosts(raw: RawComparison): ArmCost[] {
  const baseline = raw.arms[0]?.name ?? '';
  return raw.arms.map(({ name }) => {
    const values = (field: CostField): number[] => [...costsBySeed(raw, name, field).values()];
    const memory = values('peakMemoryBytes');
    return {
      arm: name,
      runs: raw.runs.filter((run) => run.arm === name && run.cost).length,
      seconds: meanOrNull(values('seconds')),
      secondsPerStep: meanOrNull(values('secondsPerStep')),
      tokensPerSecond: meanOrNull(values('tokensPerSecond')),
      peakMemoryBytes: memory.length === 0 ? null : max(memory),
      overhead: overhead(raw, name, baseline),
      memoryRatio: ratio(raw, name, baseline, 'peakMemoryBytes'),
    };
  });
}

function overhead(raw: RawComparison, arm: string, baseline: string): ArmCost['overhead'] {
  for (const basis of ['secondsPerStep', 'seconds'] as const) {
    const found = ratio(raw, arm, baseline, basis);
    if (found) return { ...found, basis };
  }
  return null;
}

/** Geometric mean and range of arm / baseline over the seeds that both have. */
function ratio(raw: RawComparison, arm: string, baseline: string, field: CostField): Ratio | null {
  const [ours, theirs] = [costsBySeed(raw, arm, field), costsBySeed(raw, baseline, field)];
  const ratios = [...ours].flatMap(([seed, value]) => {
    const other = theirs.get(seed);
    return other === undefined ? [] : [value / other];
  });
  if (ratios.length === 0) return null;
  return { mean: geometricMean(ratios), lowest: min(ratios), highest: max(ratios), seeds: ratios.length };
}

/** Positive, finite costs only: a clock that reports 0 has not measured. */
function costsBySeed(raw: RawComparison, arm: string, field: CostField): Map<number, number> {
  const entries = raw.runs
    .filter((run) => run.arm === arm)
    .map((run) => [run.seed, run.cost?.[field]] as const)
    .filter((entry): entry is [number, number] => Number.isFinite(entry[1]) && Number(entry[1]) > 0);
  return new Map(entries);
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean([...values]);
}
