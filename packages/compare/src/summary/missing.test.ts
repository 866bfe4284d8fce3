import { describe, expect, it } from 'vitest';
import { simulateComparison } from '../testdata/simulateComparison.ts';
import { smallComparison } from '../testdata/smallComparison.ts';
import type { Measurement } from '../raw/schema.ts';
import { summarize } from './summarize.ts';

const prompts = (count: number, missing = 0): (number | null)[] =>
  Array.from({ length: count }, (_, prompt) => (prompt < missing ? null : prompt));

/** `smallComparison` of values per prompt, some of which are missing. */
function withHoles(arms: Readonly<Record<string, (number | null)[][]>>) {
  const raw = smallComparison(Object.fromEntries(Object.entries(arms).map(([arm, rows]) => [arm, rows.map(() => 0)])));
  for (const run of raw.runs) {
    const values = arms[run.arm]?.[run.seed] ?? [];
    run.measurements = [{ metric: 'score', perPrompt: { prompts: values.map((_, p) => `p${p}`), values } }];
  }
  return raw;
}

describe('prompts without a value', () => {
  it('are counted by arm and seed, also where the run does not even name them', () => {
    const raw = withHoles({
      none: [prompts(64), prompts(64), prompts(60)],
      arm: [prompts(64, 40), prompts(64), prompts(64, 40)],
    });
    expect(summarize(raw).missing).toEqual([
      'none, seed 2: no value for some prompts of Score (4 of 64)',
      'arm, seed 0 and 2: no value for some prompts of Score (40 of 64)',
    ]);
  });

  it('are no holes where all are missing: then the seed has no value', () => {
    const raw = withHoles({ none: [prompts(4)], arm: [prompts(4, 4)] });
    expect(summarize(raw).missing).toEqual(['arm, seed 0: no value of Score']);
  });

  it('are put together by metric where many measures have holes', () => {
    const raw = simulateComparison({ prompts: 6 });
    const holed = ({ perPrompt, ...key }: Measurement): Measurement => {
      const holes = key.temperature === 2 ? 3 : 1;
      const values = perPrompt?.values.map((value, p) => (p < holes ? null : value)) ?? [];
      return perPrompt && key.metric === 'kl'
        ? { ...key, perPrompt: { ...perPrompt, values } }
        : { ...key, ...(perPrompt ? { perPrompt } : {}) };
    };
    for (const run of raw.runs)
      if (run.arm === 'kl') run.measurements = run.measurements.map((one) => (one.perPrompt ? holed(one) : one));
    expect(summarize(raw, { resamples: 100, permutations: 100 }).missing).toEqual([
      'kl, seed 1, 2 and 3: no value for some prompts of KL to the reference (8 of 8 measures, 1 to 3 prompts each)',
    ]);
  });

  it('are counted before training too', () => {
    const raw = withHoles({ none: [prompts(3)], arm: [prompts(3)] });
    raw.before = [{ metric: 'score', perPrompt: { prompts: ['p0', 'p1', 'p2'], values: [1, NaN, 2] } }];
    expect(summarize(raw).missing).toEqual(['before training: no value for some prompts of Score (1 of 3)']);
  });
});
