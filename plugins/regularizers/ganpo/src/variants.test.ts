import { initialValues, type NetworkTensors, type PenaltyContext } from '@tether/core';
import { input, mul, reduceSum, sub, type Tensor } from '@tether/graph';
import { evaluatePart, evaluateScalars, gradcheck, makeBatchViews, SMALL, type Points } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { LOSS_NAMES, type LossName } from './adversarialLoss.ts';
import { ganpoConfig, gradientPenaltyWeight, type GanpoConfig } from './config.ts';
import { ganpoOpponent, ganpoPenalty } from './ganpo.ts';
import { between, slopePenalty } from './gradientPenalty.ts';
import { ganpoNetworks } from './networks.ts';

/** Small discriminators: the oracle is slow. */
const small = { width: 4, heads: 2, layers: 1, feed_forward_ratio: 1, max_positions: 8, dropout: 0 };

interface Scene {
  readonly context: PenaltyContext<GanpoConfig>;
  readonly points: Points;
}

function scene(options: object, rows = [{ content: 1 }]): Scene {
  const config = ganpoConfig.parse({ ...small, ...options });
  const { views, points } = makeBatchViews({ rows });
  const spec = ganpoNetworks({ hiddenSize: SMALL.hiddenSize, vocabularySize: SMALL.vocabularySize }, config);
  const all: Record<string, Points[string]> = { ...points, seed: { dtype: 'i32', shape: [], data: [5] } };
  const load = (part: 'parameters' | 'state'): NetworkTensors =>
    Object.fromEntries(
      Object.entries(spec[part]).map(([name, tensor]) => {
        const slot = `${part}/${name}`;
        all[slot] = { dtype: 'f32', shape: tensor.shape, data: initialValues(slot, tensor, 1) };
        return [name, input(slot, 'f32', tensor.shape)];
      }),
    );
  const context = { key: 'ganpo', views, config, parameters: load('parameters'), state: load('state') };
  return { context: { ...context, seed: input('seed', 'i32', []) }, points: all };
}

function opponentValues({ context, points }: Scene): Record<string, number> {
  const { loss, metrics, gauges } = ganpoOpponent(context);
  return evaluateScalars(points, { loss, ...metrics, ...gauges });
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Each loss of a relative score, from its paper. */
const LOSSES: Readonly<Record<LossName, (s: number, target: 0 | 1) => number>> = {
  bce: (s, target) => Math.log1p(Math.exp(target === 1 ? -s : s)),
  hinge: (s, target) => Math.max(0, target === 1 ? 1 - s : 1 + s),
  least_squares: (s, target) => (target === 1 ? (s - 1) ** 2 : (s + 1) ** 2),
  wasserstein: (s, target) => (target === 1 ? -s : s),
};

describe.each(LOSS_NAMES)('the loss %s', (loss) => {
  it('compares each score with the mean of the other party; linear terms do not rank', () => {
    // One row: each mean is that row's score in the first batch.
    const values = opponentValues(scene({ loss, gradient_penalty: 0 }));
    const of = LOSSES[loss];
    const sides = { plus: ['real_good', 'real_bad'], minus: ['real_bad', 'real_good'] } as const;
    for (const [name, [better, worse]] of Object.entries(sides)) {
      const score = (set: string): number => values[`ganpo/${name}/score/${set}`]!;
      const [high, low, policy] = [score(better), score(worse), score('policy')];
      const apart = [of(high - policy, 1), of(policy - high, 0)];
      const ranked = loss === 'wasserstein' ? [] : [of(policy - low, 1), of(low - policy, 0)];
      expect(values[`ganpo/${name}/loss`]).toBeCloseTo(mean([...apart, ...ranked]), 12);
    }
  });

  it('is what the policy pays, towards real', () => {
    // Without dropout and spectral normalization, scores are the same in training and in the penalty; means begin at 0.
    const scores = scene({ loss, spectral_norm: false });
    const values = opponentValues(scores);
    const [plus, minus] = ['plus', 'minus'].map((name) => LOSSES[loss](values[`ganpo/${name}/score/policy`]!, 1));
    const penalty = evaluateScalars(scores.points, { loss: ganpoPenalty(scores.context).loss })['loss'];
    expect(penalty).toBeCloseTo((plus! + minus!) / 2, 10);
  });
});

describe('one discriminator', () => {
  it('tells the reference from the policy on both sides, without ranking them', () => {
    const { context, points } = scene({ discriminators: 'one' });
    const values = opponentValues({ context, points });
    expect(Object.keys(values).filter((name) => name.startsWith('ganpo/single/score/'))).toEqual([
      'ganpo/single/score/policy',
      'ganpo/single/score/real',
    ]);
    expect(values['loss']).toBeCloseTo(values['ganpo/single/loss']!, 14);
    expect(Object.keys(context.parameters).every((name) => name.startsWith('single.'))).toBe(true);
  });
});

describe('the architecture mlp', () => {
  it('does not see where a position stands', () => {
    const { context, points } = scene({ architecture: 'mlp' }, [{ content: 2 }]); // 4 real positions
    const latents = points['policy/latents']!;
    const { hiddenSize, viewLength } = SMALL;
    const data = Array.from({ length: 2 }, (_, side) =>
      Array.from({ length: viewLength }, (_unused, place) => {
        const mask = Array.from(points['batch/viewMask']!.data).slice(side * viewLength, (side + 1) * viewLength);
        const real = mask.filter((isReal) => isReal === 1).length;
        const from = (side * viewLength + (place < real ? real - 1 - place : place)) * hiddenSize;
        return Array.from(latents.data).slice(from, from + hiddenSize);
      }).flat(),
    ).flat();
    const value = (given: Points): number => evaluateScalars(given, { loss: ganpoPenalty(context).loss })['loss']!;
    expect(value({ ...points, 'policy/latents': { ...latents, data } })).toBeCloseTo(value(points), 12);
    const transformer = scene({}, [{ content: 2 }]);
    const seen = (given: Points): number =>
      evaluateScalars(given, { loss: ganpoPenalty(transformer.context).loss })['loss']!;
    expect(seen({ ...transformer.points, 'policy/latents': { ...latents, data } })).not.toBeCloseTo(
      seen(transformer.points),
      6,
    );
  });
});

describe('without spectral normalization', () => {
  it('no vectors are kept, and weights count as they are', () => {
    const { context } = scene({ spectral_norm: false });
    expect(Object.keys(context.state).filter((name) => name.includes('weight_'))).toEqual([]);
    expect(Object.keys(ganpoOpponent(context).state!).sort()).toEqual(Object.keys(context.state).sort());
  });
});

describe('the gradient penalty', () => {
  it('is on for wasserstein, at its published weight, unless another is given', () => {
    const weight = (options: object): number => gradientPenaltyWeight(ganpoConfig.parse(options));
    expect([weight({}), weight({ loss: 'wasserstein' })]).toEqual([0, 10]);
    expect([weight({ gradient_penalty: 2 }), weight({ loss: 'wasserstein', gradient_penalty: 0 })]).toEqual([2, 0]);
  });

  const shape = [2, 2, 3];
  const latents = input('x', 'f32', shape);
  const scores = (x: Tensor): Tensor => reduceSum(mul(mul(x, x), 0.5), [1, 2]); // whose slope is x

  it('is the squared excess of the slope’s length over 1', () => {
    const data = [3, 0, 0, 0, 4, 0, 0.1, 0.2, 0, 0, 0, 0.2];
    const { penalty } = evaluatePart({ x: { dtype: 'f32', shape, data } }, { penalty: slopePenalty(scores, latents) });
    expect(penalty!.data[0]).toBeCloseTo((5 - 1) ** 2, 12);
    expect(penalty!.data[1]).toBeCloseTo((0.3 - 1) ** 2, 12);
  });

  it('has a gradient of its own, through the slope', () => {
    gradcheck(({ x }) => slopePenalty((at) => reduceSum(mul(mul(at, at), at), [1, 2]), x!), { x: { shape } });
  });

  it('looks between policy and reference, at one share of the way per sequence', () => {
    const seed = input('seed', 'i32', []);
    const [real, policy] = [input('real', 'f32', shape), input('policy', 'f32', shape)];
    const points: Points = {
      seed: { dtype: 'i32', shape: [], data: [9] },
      real: { dtype: 'f32', shape, data: Array.from({ length: 12 }, (_, at) => at) },
      policy: { dtype: 'f32', shape, data: Array.from({ length: 12 }, (_, at) => at - 1) },
    };
    const { share } = evaluatePart(points, { share: sub(between(real, policy, seed, 0), policy) });
    const [first, second] = [Array.from(share!.data).slice(0, 6), Array.from(share!.data).slice(6)];
    for (const part of [first, second]) part.forEach((value) => expect(value).toBeCloseTo(part[0]!, 12));
    expect(first[0]).not.toBeCloseTo(second[0]!, 3);
    for (const value of [first[0]!, second[0]!]) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
    }
  });
});
