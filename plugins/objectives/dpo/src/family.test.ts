import { grad } from '@tether/graph';
import { evaluatePart, evaluateScalars, makeBatchViews, testObjective, type TestBatch } from '@tether/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dpoConfig } from './config.ts';
import { dpoLoss } from './dpo.ts';
import { F_DIVERGENCES } from './fDivergence.ts';
import { LOSS_TYPES, plugin, plugins } from './index.ts';

const SORTS = [
  {
    test: 'adds up: micro-batches sum to the whole batch',
    reason: 'it sorts over the batch, and a micro-batch sees only its own rows (as in TRL)',
  },
];
const OPTIONS: Readonly<Record<string, readonly object[]>> = {
  ipo: [{}, { token_reduction: 'sum', ld_alpha: 0.3 }],
  hinge: [{}, { beta: 2, use_weighting: true }],
};

for (const [name, member] of Object.entries(plugins)) {
  testObjective(member, { configs: OPTIONS[name] ?? [{}], skips: name.startsWith('aot') ? SORTS : [] });
}
testObjective(plugin, {
  configs: [
    ...F_DIVERGENCES.map((f_divergence_type) => ({ f_divergence_type })),
    { use_weighting: true, ld_alpha: 0.5 },
    { loss_type: ['sigmoid', 'bco_pair', 'sft'], loss_weights: [0.8, 0.2, 1] },
  ],
});

function values(batch: TestBatch, options: object): Record<string, number> {
  const { loss, metrics } = dpoLoss(batch.views, dpoConfig.parse(options));
  return evaluateScalars(batch.points, { loss, ...metrics });
}

const lossOf = (batch: TestBatch, options: object): number => values(batch, options)['loss']!;

describe('a sum of losses', () => {
  it('is the weighted sum of what each is alone, and tells its parts', () => {
    const batch = makeBatchViews();
    const found = values(batch, { loss_type: ['sigmoid', 'ipo', 'sft'], loss_weights: [0.8, 0.2, 3] });
    const parts = ['sigmoid', 'ipo', 'sft'].map((loss_type) => lossOf(batch, { loss_type }));
    expect(['sigmoid', 'ipo', 'sft'].map((type) => found[`loss/${type}`])).toEqual(parts);
    expect(found['loss']).toBeCloseTo(0.8 * parts[0]! + 0.2 * parts[1]! + 3 * parts[2]!, 12);
  });

  it('weighs every loss 1 where no weights are given', () => {
    const batch = makeBatchViews();
    const sum = lossOf(batch, { loss_type: 'nca_pair' }) + lossOf(batch, { loss_type: 'robust', label_smoothing: 0.2 });
    expect(lossOf(batch, { loss_type: ['nca_pair', 'robust'], label_smoothing: 0.2 })).toBeCloseTo(sum, 12);
  });
});

describe('members', () => {
  it('are the family’s loss of that name', () => {
    const batch = makeBatchViews();
    for (const type of LOSS_TYPES) {
      const member = plugins[type];
      if (member === undefined) continue; // sigmoid is dpo, sft an objective besides
      const smoothing = type === 'robust' || type === 'exo_pair' ? { label_smoothing: 0.2 } : {};
      const { loss } = member.loss(batch.views, member.config.parse({ beta: 0.4, ...smoothing }));
      const expected = lossOf(batch, { loss_type: type, beta: 0.4, ...smoothing });
      expect(evaluateScalars(batch.points, { loss })['loss']).toBe(expected);
    }
    expect(LOSS_TYPES.filter((type) => !(type in plugins))).toEqual(['sigmoid', 'sft']);
  });

  it('know only the options that they read', () => {
    expect(plugins['apo_zero']!.config.safeParse({ label_smoothing: 0.1 }).success).toBe(false);
    expect(plugins['aot']!.config.safeParse({ use_weighting: true }).success).toBe(false);
    expect(plugins['ipo']!.config.safeParse({ token_reduction: 'sum', f_divergence_type: 'forward_kl' }).success).toBe(
      true,
    );
  });
});

describe('options that do not go together are refused, each under its path', () => {
  const problems = (options: object): string[] => {
    const { error } = dpoConfig.safeParse(options);
    return error === undefined ? [] : error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  it.each([
    [{ loss_type: 'exo_pair' }, /^label_smoothing: exo_pair needs/],
    [{ loss_type: 'robust', label_smoothing: 0.5 }, /^label_smoothing: robust divides/],
    [{ loss_type: 'apo_zero', f_divergence_type: 'forward_kl' }, /^f_divergence_type: apo_zero has no form/],
    [{ loss_type: ['sigmoid', 'aot'], use_weighting: true }, /^use_weighting: aot has no/],
    [{ loss_type: ['sigmoid', 'ipo'], loss_weights: [1] }, /^loss_weights: 1 weights for 2 losses/],
    [{ loss_type: ['ipo', 'ipo'] }, /^loss_type: a loss is named twice/],
    [
      { loss_type: 'ipo', label_smoothing: 0.3 },
      /^label_smoothing: nothing reads it with loss_type ipo: .* sigmoid, exo/,
    ],
    [{ token_reduction: 'sum' }, /^token_reduction: nothing reads it with loss_type sigmoid: it is an option of ipo$/],
    [{ f_alpha_divergence_coef: 0.3 }, /^f_alpha_divergence_coef: nothing reads it unless/],
    [{ loss_type: 'sft', f_divergence_type: 'forward_kl' }, /^f_divergence_type: sft has no form/],
  ])('%j', (options, message) => {
    expect(problems(options)).toEqual([expect.stringMatching(message)]);
  });

  it('all at once', () => {
    const options = { loss_type: 'hinge', label_smoothing: 0.3, discopop_tau: 0.1, token_reduction: 'sum' };
    expect(problems(options).map((problem) => problem.split(':')[0])).toEqual([
      'label_smoothing',
      'token_reduction',
      'discopop_tau',
    ]);
  });

  it('but not those that one loss of a mixture reads', () => {
    const mixed = { loss_type: ['ipo', 'sigmoid', 'sft'], label_smoothing: 0.3, token_reduction: 'sum' };
    expect(problems({ ...mixed, f_divergence_type: 'js_divergence' })).toEqual([]);
    expect(problems({ loss_type: 'ipo', label_smoothing: 0 })).toEqual([]); // the default, written out
  });
});

describe('f-divergences', () => {
  it('have the derivative of their generator as score: 0 where policy and reference agree, slope 1 there', () => {
    // So close to the reference, every divergence gives DPO to first order; its loss differs to second.
    const batch = makeBatchViews();
    const reference = batch.points['reference/logps']!;
    const near = Array.from(reference.data, (x, at) => x + 1e-5 * Math.sin(at + 1));
    const points = { ...batch.points, 'policy/logps': { ...reference, data: near } };
    const losses = F_DIVERGENCES.map((f_divergence_type) => {
      const { loss } = dpoLoss(batch.views, dpoConfig.parse({ f_divergence_type }));
      const gradient = grad(loss, [batch.tensors['policy/logps']!])[0]!;
      return evaluatePart(points, { gradient })['gradient']!.data;
    });
    const slope = (f: number): number => (f === 2 ? 0.5 : 1); // of js_divergence, as TRL scales it: f′ = log 2 + log σ(Δ)
    losses.forEach((gradient, f) =>
      Array.from(gradient).forEach((value, at) => expect(value).toBeCloseTo(losses[0]![at]! * slope(f), 5)),
    );
  });
});

describe.each(F_DIVERGENCES)('%s', (f_divergence_type) => {
  it('has finite losses and gradients however far the policy has moved from the reference', () => {
    const batch = makeBatchViews();
    const { loss } = dpoLoss(batch.views, dpoConfig.parse({ f_divergence_type }));
    const gradient = grad(loss, [batch.tensors['policy/logps']!])[0]!;
    const reference = batch.points['reference/logps']!;
    for (const move of [-2000, 2000]) {
      // Float64 overflows at e^710, float32 at e^89.
      const data = Array.from(reference.data, (x) => x + move);
      const found = evaluatePart({ ...batch.points, 'policy/logps': { ...reference, data } }, { loss, gradient });
      const numbers = [found['loss']!, found['gradient']!].flatMap((point) => Array.from(point.data));
      expect(numbers.filter((x) => !Number.isFinite(x))).toEqual([]);
    }
  });
});

describe('alignment via optimal transport', () => {
  const sorted = (x: readonly number[]): number[] => x.toSorted((a, b) => a - b);
  const logistic = (x: number): number => Math.log1p(Math.exp(-x));
  /** Log-ratios of one-token completions, one per row. */
  const batchOf = (chosen: readonly number[], rejected: readonly number[], fillers = 0) => {
    const sizes = { completionLength: 1, viewLength: 2, hiddenSize: 2, vocabularySize: 3 };
    const rows = [...chosen.keys()].map((content) => ({ content, isFiller: content >= chosen.length - fillers }));
    const batch = makeBatchViews({ rows, sizes });
    const data = chosen.flatMap((value, at) => [value, rejected[at]!]);
    const set = (name: string, values: readonly number[]) => ({ ...batch.points[name]!, data: values });
    const points = {
      ...batch.points,
      'policy/logps': set('policy/logps', data),
      'reference/logps': set(
        'reference/logps',
        data.map(() => 0),
      ),
    };
    return { ...batch, points };
  };

  it('pairs both samples by rank, ties and filler rows included', () => {
    const numbers = fc.array(fc.integer({ min: -3, max: 0 }), { minLength: 4, maxLength: 6 }); // ties are frequent
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 0, max: 2 }), (a, b, fillers) => {
        const rows = Math.min(a.length, b.length);
        const [chosen, rejected] = [a.slice(0, rows), b.slice(0, rows)];
        const found = lossOf(batchOf(chosen, rejected, fillers), { loss_type: 'aot_unpaired', beta: 1 });
        const real = rows - fillers;
        const [upper, lower] = [sorted(chosen.slice(0, real)), sorted(rejected.slice(0, real))];
        const expected = upper.reduce((sum, x, at) => sum + logistic(x - lower[at]!), 0) / real;
        expect(found).toBeCloseTo(expected, 12);
      }),
      { numRuns: 40 },
    );
  });
});

describe('length desensitization', () => {
  it('counts only the tokens that both sides have where α is 0, and all where it is 1', () => {
    const batch = makeBatchViews({ rows: [{ content: 0 }] }); // 1 and 2 tokens
    expect(lossOf(batch, { ld_alpha: 1 })).toBeCloseTo(lossOf(batch, {}), 14);
    const points = batch.points['policy/logps']!;
    const tail = Array.from(points.data, (x, at) => (at === 4 ? x - 1 : x)); // the rejected side's second token
    const moved = { ...batch, points: { ...batch.points, 'policy/logps': { ...points, data: tail } } };
    expect(lossOf(moved, { ld_alpha: 0 })).toBe(lossOf(batch, { ld_alpha: 0 }));
    expect(lossOf(moved, { ld_alpha: 0.5 })).not.toBeCloseTo(lossOf(batch, { ld_alpha: 0.5 }), 3);
  });
});
