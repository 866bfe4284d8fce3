import {
  atReference,
  evaluateScalars,
  makeBatchViews,
  SMALL,
  testRegularizer,
  type Points,
  type TestBatch,
} from '@tether/testing';
import fc from 'fast-check';
import { constant } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { ESTIMATORS, klConfig, type Estimator } from './config.ts';
import { plugin } from './index.ts';
import { klPenalty } from './kl.ts';

testRegularizer(plugin, {
  configs: ESTIMATORS.map((estimator) => ({ estimator })),
});

function penalty(batch: TestBatch, options: object, points: Points = batch.points): number {
  const context = { key: 'kl', views: batch.views, config: klConfig.parse(options), parameters: {}, state: {} };
  const { loss } = klPenalty({ ...context, seed: constant(0, 'i32') });
  return evaluateScalars(points, { loss })['loss']!;
}

/** All completion tokens of the batch: distributions of both models, and the log-ratio at the data's token. */
function tokensOf({ points }: TestBatch) {
  const mask = Array.from(points['batch/completionMask']!.data);
  const { hiddenSize, vocabularySize } = SMALL;
  const distribution = (model: string, place: number): number[] => {
    const [states, head] = [points[`${model}/predictorStates`]!.data, points[`${model}/head`]!.data];
    const logits = Array.from({ length: vocabularySize }, (_, v) =>
      Array.from(
        { length: hiddenSize },
        (_unused, h) => states[place * hiddenSize + h]! * head[v * hiddenSize + h]!,
      ).reduce((sum, x) => sum + x),
    );
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return logits.map((logit) => Math.exp(logit) / total);
  };
  const logps = (model: string, place: number): number => points[`${model}/logps`]!.data[place]!;
  return mask.flatMap((isToken, place) =>
    isToken === 0
      ? []
      : [
          {
            policy: distribution('policy', place),
            reference: distribution('reference', place),
            ratio: logps('policy', place) - logps('reference', place),
          },
        ],
  );
}

type Token = ReturnType<typeof tokensOf>[number];

const divergence = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, x, v) => sum + x * Math.log(x / q[v]!), 0);

const mixture = ({ policy, reference }: Token): number[] => policy.map((x, v) => (x + reference[v]!) / 2);

/** Every estimator's value at one token, from its definition. */
const DEFINITIONS: Readonly<Record<Estimator, (token: Token) => number>> = {
  reverse: ({ policy, reference }) => divergence(policy, reference),
  forward: ({ policy, reference }) => divergence(reference, policy),
  'jensen-shannon': (token) =>
    (divergence(token.policy, mixture(token)) + divergence(token.reference, mixture(token))) / 2,
  k1: ({ ratio }) => ratio,
  k2: ({ ratio }) => ratio ** 2 / 2,
  k3: ({ ratio }) => Math.exp(-ratio) - 1 + ratio,
};

const mean = (tokens: readonly Token[], of: (token: Token) => number): number =>
  tokens.reduce((sum, token) => sum + of(token), 0) / tokens.length;

describe.each(ESTIMATORS)('the estimator %s', (estimator) => {
  it('is the mean of its definition over all completion tokens', () => {
    const batch = makeBatchViews();
    expect(penalty(batch, { estimator })).toBeCloseTo(mean(tokensOf(batch), DEFINITIONS[estimator]), 12);
  });

  it('is 0 for equal models', () => {
    const batch = makeBatchViews();
    expect(penalty(batch, { estimator }, atReference(batch.points))).toBeCloseTo(0, 14);
  });
});

const contents = fc.array(fc.nat(40), { minLength: 1, maxLength: 3 });
const over = (check: (batch: TestBatch) => void): void =>
  fc.assert(
    fc.property(contents, (rows) => check(makeBatchViews({ rows: rows.map((content) => ({ content })) }))),
    { numRuns: 25 },
  );

describe('the estimators among each other', () => {
  it('are never negative, except k1', () => {
    over((batch) => {
      for (const estimator of ESTIMATORS) {
        if (estimator !== 'k1') expect(penalty(batch, { estimator })).toBeGreaterThanOrEqual(0);
      }
    });
  });

  it('keep Jensen-Shannon below log 2 and below the mean of both directions’ quarter', () => {
    over((batch) => {
      const [js, reverse, forward] = (['jensen-shannon', 'reverse', 'forward'] as const).map((estimator) =>
        penalty(batch, { estimator }),
      ) as [number, number, number];
      expect(js).toBeLessThanOrEqual(Math.log(2));
      expect(js).toBeLessThanOrEqual((reverse + forward) / 4 + 1e-12); // Lin 1991: JS ≤ ¼ of the symmetric divergence
    });
  });

  it('agree to second order: k2 and k3 where the models are close', () => {
    const batch = makeBatchViews();
    const [policy, reference] = [batch.points['policy/logps']!, batch.points['reference/logps']!];
    const data = Array.from(reference.data, (x, at) => x + 1e-4 * policy.data[at]!);
    const close = { ...batch.points, 'policy/logps': { ...policy, data } };
    const [k2, k3] = [penalty(batch, { estimator: 'k2' }, close), penalty(batch, { estimator: 'k3' }, close)];
    expect(k3 / k2).toBeCloseTo(1, 3); // they differ by d³/6, and d is at most 3e-4
  });

  it('are unbiased for the reverse KL over the policy’s own samples: k1 and k3, by exact expectation', () => {
    const [token] = tokensOf(makeBatchViews());
    const { policy, reference } = token!;
    const expectation = (of: (ratio: number) => number): number =>
      policy.reduce((sum, p, v) => sum + p * of(Math.log(p / reference[v]!)), 0);
    const at = (estimator: 'k1' | 'k3') => (ratio: number) => DEFINITIONS[estimator]({ ...token!, ratio });
    expect(expectation(at('k1'))).toBeCloseTo(divergence(policy, reference), 12);
    expect(expectation(at('k3'))).toBeCloseTo(divergence(policy, reference), 12);
  });
});

describe('what it asks of the run', () => {
  it('is the divergence itself for full distributions, and the reference’s log-probabilities for samples', () => {
    const needs = (estimator: Estimator) => plugin.needs(klConfig.parse({ estimator }));
    for (const full of ['reverse', 'forward', 'jensen-shannon'] as const) {
      expect(needs(full)).toEqual([`divergence/${full}`]);
    }
    for (const sampled of ['k1', 'k2', 'k3'] as const) expect(needs(sampled)).toEqual(['referenceLogps']);
  });
});
