import { describe, expect, it } from 'vitest';
import { normals, simulateComparison } from '../testdata/simulateComparison.ts';
import { smallComparison } from '../testdata/smallComparison.ts';
import type { RawComparison } from '../raw/schema.ts';
import { summarySchema, type Contrast, type Summary } from './schema.ts';
import { summarize } from './summarize.ts';

function contrastOf(summary: Summary, arm: string, measure = 0): Contrast {
  const found = summary.measures[measure]?.contrasts.find((contrast) => contrast.arm === arm);
  if (!found) throw new Error(`no contrast of ${arm}`);
  return found;
}

/** Three seeds × 32 prompts around `center`, where prompts differ much and seeds little. */
function threeSeeds(center: number, stream: number): number[][] {
  const difficulty = normals(1, 32);
  return [0, 1, 2].map((seed) => {
    const noise = normals(stream + seed, 32);
    return difficulty.map((value, prompt) => center + value + 0.05 * (noise[prompt] ?? 0));
  });
}

describe('summarize', () => {
  it('gives the same summary bit for bit, and one that summary.json holds without loss', () => {
    const raw = simulateComparison({ prompts: 16 });
    const summary = summarize(raw);
    expect(summarize(raw)).toEqual(summary);
    expect(summarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
  });

  it('finds a difference that is there, pairing away how hard the prompts are', () => {
    const summary = summarize(smallComparison({ none: threeSeeds(0, 10), better: threeSeeds(0.2, 20) }));
    const contrast = contrastOf(summary, 'better');
    expect(contrast).toMatchObject({ outcome: 'better', prompts: 32, test: { unit: 'prompt', units: 32 } });
    expect(contrast.interval?.low).toBeGreaterThan(0.1);
    expect(contrast.interval?.high).toBeLessThan(0.3);
    expect(contrast.sentence).toMatch(/^better is better than none on Score by 0\.\d{3} \(95\u00a0% interval /);
    expect(summary.headline.sentence).toBe(contrast.sentence);
  });

  it('says so where no arm has become better than before training', () => {
    const raw = smallComparison({ none: threeSeeds(0, 10), better: threeSeeds(0.2, 20) });
    const headline = (value: number): string =>
      summarize({ ...raw, before: [{ metric: 'score', value }] }).headline.sentence;
    expect(headline(9)).toMatch(
      /^better is better than none .* No arm’s mean is better than before training \(9\.000\)\.$/,
    );
    expect(headline(-9)).not.toContain('before training');
  });

  it('counts amounts in the direction that the sentence names', () => {
    const summary = summarize(smallComparison({ none: threeSeeds(0, 10), worse: threeSeeds(-0.2, 20) }));
    const contrast = contrastOf(summary, 'worse');
    expect(contrast.outcome).toBe('worse');
    expect(contrast.difference).toBeLessThan(0);
    expect(contrast.sentence).toMatch(/worse than none on Score by 0\.\d{3} \(95\u00a0% interval 0\.\d{3} to 0\.\d{3}/);
  });

  it('says lower, not worse, of a neutral metric', () => {
    const raw = smallComparison({ none: threeSeeds(0, 10), other: threeSeeds(-0.2, 20) });
    raw.metrics = [{ id: 'score', label: 'Score', better: 'neutral' }];
    expect(contrastOf(summarize(raw), 'other').outcome).toBe('lower');
  });

  it('shows nothing when the arms are the same', () => {
    const summary = summarize(smallComparison({ none: threeSeeds(0, 10), same: threeSeeds(0, 10) }));
    expect(contrastOf(summary, 'same')).toMatchObject({ difference: 0, outcome: 'not shown', correctedP: 1 });
    expect(summary.headline.sentence).toContain('No difference shown');
  });

  it('does not call a difference shown that seeds do not repeat, however small the p over prompts', () => {
    const shifts = [0.9, 0.1, -0.2];
    const arm = threeSeeds(0, 20).map((row, seed) => row.map((value) => value + (shifts[seed] ?? 0)));
    const contrast = contrastOf(summarize(smallComparison({ none: threeSeeds(0, 10), arm })), 'arm');
    expect(contrast.correctedP).toBeLessThan(0.01);
    expect(contrast.outcome).toBe('not shown');
    expect(contrast.sentence).toContain('seeds vary too much to say so of new ones');
  });

  it('says that 3 seeds with one number each cannot show a difference', () => {
    const summary = summarize(smallComparison({ none: [1, 1.01, 1.02], much: [9, 9.01, 9.02] }));
    const contrast = contrastOf(summary, 'much');
    expect(contrast).toMatchObject({
      outcome: 'not shown',
      test: { unit: 'seed', p: 0.25 },
      interval: { over: 'seeds' },
    });
    expect(contrast.sentence).toContain('With 3 seeds no difference could be shown: the smallest possible p is 0.250');
    expect(summary.method.join(' ')).toContain('With 3 seeds a test by seed cannot give a p below 0.250');
  });

  it('shows a difference by seeds alone once there are enough of them', () => {
    const seeds = normals(3, 8);
    const values = { none: seeds, much: seeds.map((value, seed) => value + 2 + 0.01 * seed) };
    expect(contrastOf(summarize(smallComparison(values)), 'much')).toMatchObject({ outcome: 'better' });
  });

  it('has no interval for one seed with one number', () => {
    const summary = summarize(smallComparison({ none: [1], arm: [2] }));
    expect(contrastOf(summary, 'arm')).toMatchObject({ interval: null, outcome: 'not shown', difference: 1 });
    expect(contrastOf(summary, 'arm').sentence).toContain('One seed with one number has no interval');
  });

  it('speaks about prompts only when there is one seed', () => {
    const [none, arm] = [threeSeeds(0, 10).slice(0, 1), threeSeeds(0.5, 20).slice(0, 1)];
    const summary = summarize(smallComparison({ none, arm }));
    expect(contrastOf(summary, 'arm').interval?.over).toBe('prompts');
    expect(summary.method.join(' ')).toContain('say nothing about other seeds');
  });

  it('corrects over all measures and arms together', () => {
    const values = { none: threeSeeds(0, 10), better: threeSeeds(0.2, 20), same: threeSeeds(0, 30) };
    const alone = contrastOf(summarize(smallComparison({ none: values.none, better: values.better })), 'better');
    const together = contrastOf(summarize(smallComparison(values)), 'better');
    expect(together.test?.p).toBe(alone.test?.p);
    expect(together.correctedP).toBeCloseTo(2 * (alone.correctedP ?? NaN), 12);
  });

  it('refuses a comparison that contradicts itself', () => {
    const raw: RawComparison = {
      ...smallComparison({ none: [1] }),
      runs: [{ arm: 'ghost', seed: 0, measurements: [] }],
    };
    expect(() => summarize(raw)).toThrow('runs.0.arm: "ghost" is not the name of an arm');
  });
});

describe('what is missing', () => {
  it('is missing, never 0, and said so', () => {
    const raw = smallComparison({ none: [1, 2, 3], arm: [1, null, NaN] });
    const summary = summarize(raw);
    expect(summary.measures[0]?.estimates[1]?.perSeed).toEqual([1, null, null]);
    expect(contrastOf(summary, 'arm').perSeed).toEqual([0, null, null]);
    expect(summary.missing).toEqual(['arm, seed 1 and 2: no value of Score']);
  });

  it('is counted by metric where many measures lack a value', () => {
    const raw = simulateComparison({ prompts: 4 });
    const run = raw.runs.find(({ arm, seed }) => arm === 'ganpo' && seed === 2);
    if (run) run.measurements = run.measurements.filter(({ metric, split }) => metric !== 'kl' && split !== 'train');
    expect(summarize(raw).missing).toEqual([
      'ganpo, seed 2: no value of Reward accuracy, train; KL to the reference (8 of 8 measures)',
    ]);
  });

  it('includes runs that failed or do not exist', () => {
    const raw = smallComparison({ none: [1, 2], arm: [1] });
    const [first] = raw.runs;
    if (first) first.failure = 'stopped at step 12: the loss became NaN';
    expect(summarize(raw).missing).toEqual([
      'none, seed 0: stopped at step 12: the loss became NaN',
      'arm, seed 1: there is no run',
    ]);
  });

  it('leaves arms without a shared seed uncompared', () => {
    const summary = summarize(smallComparison({ none: [1, null], arm: [null, 1] }));
    expect(contrastOf(summary, 'arm')).toMatchObject({ difference: null, outcome: 'missing', correctedP: null });
    expect(summary.tests).toBe(0);
  });

  it('copes with nothing at all', () => {
    const raw: RawComparison = { ...smallComparison({ none: [1], arm: [1] }), runs: [] };
    const summary = summarize(raw);
    expect(summary.measures).toEqual([]);
    expect(summary.headline.sentence).toBe('Nothing was measured that could be called better or worse.');
    expect(summary.verdicts[0]?.sentence).toContain('nothing measured');
  });
});

describe('the headline measure', () => {
  const measureOf = (raw: RawComparison) => summarize(raw, { resamples: 100, permutations: 100 }).headline.measure;

  it('is held-out gold reward at temperature 1 unless the comparison says otherwise', () => {
    const raw = simulateComparison({ prompts: 8 });
    expect(measureOf(raw)).toEqual({ metric: 'goldReward', split: 'heldout', temperature: 1 });
    expect(measureOf({ ...raw, headline: { metric: 'loss', split: 'heldout' } })).toEqual({
      metric: 'loss',
      split: 'heldout',
    });
  });

  it('is the first metric with a direction when there is no gold reward', () => {
    const raw = simulateComparison({ prompts: 8 });
    raw.metrics = raw.metrics.filter(({ id }) => id !== 'goldReward');
    raw.runs.forEach((run) => (run.measurements = run.measurements.filter(({ metric }) => metric !== 'goldReward')));
    raw.before = [];
    expect(measureOf(raw)).toEqual({ metric: 'rewardAccuracy', split: 'heldout' });
  });
});

describe('costs', () => {
  it('are ratios to the baseline with the same seed', () => {
    const raw = smallComparison({ none: [1, 1], arm: [1, 1] });
    const seconds = [2, 4, 3, 8];
    raw.runs.forEach((run, index) => (run.cost = { secondsPerStep: seconds[index] ?? NaN, peakMemoryBytes: 10 }));
    const [none, arm] = summarize(raw).costs;
    expect(none?.overhead?.mean).toBeCloseTo(1, 12);
    expect(arm?.overhead).toMatchObject({ basis: 'secondsPerStep', lowest: 1.5, highest: 2, seeds: 2 });
    expect(arm?.overhead?.mean).toBeCloseTo(Math.sqrt(3), 12);
    expect(arm?.memoryRatio?.mean).toBeCloseTo(1, 12);
    expect(arm?.seconds).toBeNull();
  });

  it('fall back to the run time, and are missing without any', () => {
    const raw = smallComparison({ none: [1], timed: [1], untimed: [1] });
    raw.runs.slice(0, 2).forEach((run, index) => (run.cost = { seconds: 10 * (index + 1), secondsPerStep: null }));
    const summary = summarize(raw);
    expect(summary.costs[1]?.overhead).toMatchObject({ basis: 'seconds' });
    expect(summary.costs[1]?.overhead?.mean).toBeCloseTo(2, 12);
    expect(summary.costs[2]).toMatchObject({ runs: 0, seconds: null, overhead: null });
    expect(summary.verdicts[0]?.sentence).toContain('2.00\u00d7 the run time of none');
    expect(summary.verdicts[1]?.sentence).toContain('cost relative to the baseline was not measured');
  });
});
