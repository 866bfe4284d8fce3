import type { Measurement, RawComparison } from '../raw/schema.ts';

export type Values = Readonly<Record<string, readonly (number | null | readonly number[])[]>>;

/**
 * The smallest comparison of one metric, `score` (higher is better): per arm one entry per seed, a number, a missing
 * value, or one number per prompt.
 */
export function smallComparison(values: Values): RawComparison {
  const seeds = Math.max(...Object.values(values).map((entries) => entries.length));
  return {
    version: 1,
    name: 'small',
    metrics: [{ id: 'score', label: 'Score', better: 'higher' }],
    arms: Object.keys(values).map((name) => ({ name, config: {} })),
    seeds: Array.from({ length: seeds }, (_, seed) => seed),
    runs: Object.entries(values).flatMap(([arm, entries]) =>
      entries.map((entry, seed) => ({ arm, seed, measurements: [measurement(entry)] })),
    ),
  };
}

function measurement(entry: number | null | readonly number[]): Measurement {
  if (entry === null || typeof entry === 'number') return { metric: 'score', value: entry };
  return { metric: 'score', perPrompt: { prompts: entry.map((_, prompt) => `p${prompt}`), values: [...entry] } };
}
