import { initialValues, type NetworkTensors, type PenaltyContext } from '@tether/core';
import { grad, input, mul, reduceSum, type Tensor } from '@tether/graph';
import { evaluatePart, evaluateScalars, makeBatchViews, SMALL, type Points } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { ganpoConfig, type GanpoConfig } from './config.ts';
import { ganpoOpponent, ganpoPenalty } from './ganpo.ts';
import { plugin } from './index.ts';
import { ganpoNetworks } from './networks.ts';

/** Small discriminators: the oracle is slow. */
const small = { width: 8, heads: 2, layers: 1, feed_forward_ratio: 2, max_positions: 8, dropout: 0 };

type Changes = Readonly<Record<string, ArrayLike<number>>>;

interface Scene {
  readonly context: PenaltyContext<GanpoConfig>;
  readonly points: Points;
}

/** A batch with fresh discriminators. `changes` replaces values of networks, `state/…` and `parameter/…`. */
function scene(options: object = {}, batch: Parameters<typeof makeBatchViews>[0] = {}, changes: Changes = {}): Scene {
  const config = ganpoConfig.parse({ ...small, ...options });
  const { views, points } = makeBatchViews(batch);
  const spec = ganpoNetworks({ hiddenSize: SMALL.hiddenSize, vocabularySize: SMALL.vocabularySize }, config);
  const all: Record<string, Points[string]> = { ...points };
  const load = (part: 'parameter' | 'state'): NetworkTensors =>
    Object.fromEntries(
      Object.entries(part === 'parameter' ? spec.parameters : spec.state).map(([name, tensor]) => {
        const slot = `${part}/${name}`;
        const data = changes[slot] ?? initialValues(slot, tensor, 1);
        all[slot] = { dtype: 'f32', shape: tensor.shape, data };
        return [name, input(slot, 'f32', tensor.shape)];
      }),
    );
  all['seed'] = { dtype: 'i32', shape: [], data: changes['seed'] ?? [5] };
  const context = { key: 'ganpo', views, config, parameters: load('parameter'), state: load('state') };
  return { context: { ...context, seed: input('seed', 'i32', []) }, points: all };
}

/** Loss, metrics, gauges and the running means of an opponent's forward. */
function opponentValues({ context, points }: Scene): Record<string, number> {
  const { loss, metrics, gauges, state } = ganpoOpponent(context);
  const means = Object.entries(state ?? {}).filter(([, { shape }]) => shape.length === 0);
  const named = Object.fromEntries(means.map(([name, value]) => [`state/${name}`, value]));
  return evaluateScalars(points, { loss, ...metrics, ...gauges, ...named });
}

const penaltyValue = ({ context, points }: Scene): number =>
  evaluateScalars(points, { loss: ganpoPenalty(context).loss })['loss']!;

describe('running means', () => {
  const names = ['plus', 'minus'].flatMap((d) => ['real_good', 'real_bad', 'policy'].map((m) => [d, m] as const));

  it('are set by the first batch, and move with the momentum afterwards', () => {
    const first = opponentValues(scene());
    for (const [discriminator, mean] of names) {
      expect(first[`state/${discriminator}.mean.${mean}`]).toBeCloseTo(
        first[`ganpo/${discriminator}/score/${mean}`]!,
        12,
      );
    }
    const state = Object.fromEntries(names.map(([d, m], index) => [`state/${d}.mean.${m}`, [index]]));
    const later = opponentValues(scene({ momentum: 0.75 }, {}, { ...state, 'state/updates': [3] }));
    names.forEach(([discriminator, mean], index) => {
      const expected = 0.75 * index + 0.25 * later[`ganpo/${discriminator}/score/${mean}`]!;
      expect(later[`state/${discriminator}.mean.${mean}`]).toBeCloseTo(expected, 12);
    });
    expect([first['state/updates'], later['state/updates']]).toEqual([1, 4]);
  });

  it('are means of each forward’s own rows, also where gradients accumulate over several', () => {
    const rows = [{ content: 1 }, { content: 2 }];
    const alone = opponentValues(scene({}, { rows }));
    const part = opponentValues(scene({}, { rows, wholeBatch: [...rows, { content: 3 }, { content: 4 }] }));
    expect(part['state/plus.mean.policy']).toBeCloseTo(alone['state/plus.mean.policy']!, 12);
    expect(part['loss']).not.toBeCloseTo(alone['loss']!, 3); // it is a share of the whole batch's
  });

  it('are not moved by a forward of filler rows alone', () => {
    const filler = { rows: [{ content: 1, isFiller: true }], wholeBatch: [{ content: 2 }] };
    const values = opponentValues(scene({}, filler, { 'state/plus.mean.policy': [0.5], 'state/updates': [2] }));
    expect([values['state/plus.mean.policy'], values['state/updates']]).toEqual([0.5, 2]);
    expect(opponentValues(scene({}, filler))['state/updates']).toBe(0); // the next batch is still the first
  });
});

describe('the loss of the discriminators', () => {
  it('is what the paper’s released code computes from scores and means', () => {
    // One row: each mean is that row's score in the first batch, so that every term is a function of score gaps.
    const values = opponentValues(scene({}, { rows: [{ content: 1 }] }));
    const score = (d: string, m: string): number => values[`ganpo/${d}/score/${m}`]!;
    const crossEntropy = (logit: number, target: 0 | 1): number => Math.log1p(Math.exp(target === 1 ? -logit : logit));
    const roles = { plus: ['real_good', 'real_bad'], minus: ['real_bad', 'real_good'] } as const;
    for (const [d, [better, worse]] of Object.entries(roles)) {
      const [high, low, policy] = [score(d, better), score(d, worse), score(d, 'policy')];
      const terms = [
        crossEntropy(high - policy, 1),
        crossEntropy(policy - high, 0),
        crossEntropy(policy - low, 1),
        crossEntropy(low - policy, 0),
      ];
      expect(values[`ganpo/${d}/loss`]).toBeCloseTo(terms.reduce((sum, term) => sum + term) / 4, 12);
    }
    expect(values['loss']).toBeCloseTo(values['ganpo/plus/loss']! + values['ganpo/minus/loss']!, 12);
  });

  it('needs one power iteration per forward: three in training, none in the penalty', () => {
    const { context } = scene();
    const state = ganpoOpponent(context).state!;
    expect(Object.keys(state).filter((name) => name.includes('weight_'))).toHaveLength(2 * 3 * 2);
    expect(ganpoPenalty(context)).not.toHaveProperty('state');
  });
});

const squareSum = (x: Tensor): Tensor => reduceSum(mul(x, x));

describe('the penalty', () => {
  it('pulls on the policy’s latents, of both sides', () => {
    const { context, points } = scene();
    const latents = context.views.policy.latents;
    const gradient = evaluatePart(points, { gradient: grad(ganpoPenalty(context).loss, [latents])[0]! })['gradient']!;
    const [rows, , length, hidden] = gradient.shape as readonly [number, number, number, number];
    for (let side = 0; side < 2; side++) {
      let moved = 0;
      for (let row = 0; row < rows; row++) {
        const start = (row * 2 + side) * length * hidden;
        for (let at = start; at < start + length * hidden; at++) moved += Math.abs(gradient.data[at]!);
      }
      expect(moved).toBeGreaterThan(0);
    }
  });

  it('has no dropout, whatever the config', () => {
    expect(penaltyValue(scene({ dropout: 0.5 }))).toBe(penaltyValue(scene({ dropout: 0 })));
    expect(penaltyValue(scene({ dropout: 0.5 }, {}, { seed: [6] }))).toBe(penaltyValue(scene({ dropout: 0.5 })));
  });

  it('falls when the policy’s scores rise above the running means', () => {
    const means = (value: number): Changes => ({
      'state/plus.mean.real_good': [value],
      'state/minus.mean.real_bad': [value],
    });
    expect(penaltyValue(scene({}, {}, means(-3)))).toBeLessThan(penaltyValue(scene({}, {}, means(3))));
  });
});

describe('dropout', () => {
  it('changes the discriminators’ loss with the seed, and only where it is on', () => {
    const lossAt = (dropout: number, seed: number): number =>
      opponentValues(scene({ dropout }, {}, { seed: [seed] }))['loss']!;
    expect(lossAt(0.5, 1)).not.toBe(lossAt(0.5, 2));
    expect(lossAt(0.5, 1)).toBe(lossAt(0.5, 1));
    expect(lossAt(0, 1)).toBe(lossAt(0, 2));
  });
});

describe('the discriminators’ training', () => {
  it('sends a gradient to latents only where the engine does not stop it: never through means or vectors', () => {
    const { context, points } = scene();
    const result = ganpoOpponent(context);
    const latents = context.views.policy.latents;
    const states = Object.values(result.state!).map((value) => squareSum(value));
    const gradients = states.map((value, index) => [`${index}`, squareSum(grad(value, [latents])[0]!)] as const);
    const values = Object.values(evaluateScalars(points, Object.fromEntries(gradients)));
    expect(values.every((value) => value === 0)).toBe(true);
  });
});

describe('pooling', () => {
  // Rows of the test batch end at different places: what stands behind their last token is the padding.
  const lossWith = (pooling: string, garbage: number): number =>
    opponentValues(scene({ pooling }, { garbage }))['loss']!;

  it('masked: padding changes nothing', () => {
    expect(lossWith('masked', 1)).toBe(lossWith('masked', 2));
    expect(penaltyValue(scene({}, { garbage: 1 }))).toBe(penaltyValue(scene({}, { garbage: 2 })));
  });

  it('published: padding counts, as in the released code', () => {
    expect(lossWith('published', 1)).not.toBe(lossWith('published', 2));
  });

  it('published asks for views with the hidden states of padding', () => {
    const needs = (pooling: string) => plugin.needs(ganpoConfig.parse({ pooling }));
    expect(needs('published')).toContain('paddedViews');
    expect(needs('masked')).not.toContain('paddedViews');
  });
});

describe('the options', () => {
  it('are the published constants by default', () => {
    expect(ganpoConfig.parse({})).toEqual({
      loss: 'bce',
      discriminators: 'two',
      architecture: 'transformer',
      spectral_norm: true,
      width: 512,
      layers: 2,
      heads: 8,
      feed_forward_ratio: 4,
      max_positions: 2048,
      dropout: 0.1,
      momentum: 0.9,
      pooling: 'masked',
      optimizer: {
        learning_rate_ratio: 0.5,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.01,
        max_grad_norm: 0,
      },
    });
  });

  it('refuse a width that the heads do not divide', () => {
    expect(() => ganpoConfig.parse({ width: 10, heads: 4 })).toThrow('width must be a multiple of heads');
  });

  /** Which positions of the policy's states the penalty moves. */
  const positionsSeen = ({ context, points }: Scene): boolean[] => {
    const gradient = evaluatePart(points, {
      gradient: grad(ganpoPenalty(context).loss, [context.views.policy.latents])[0]!,
    })['gradient']!;
    const perPosition = new Array<number>(SMALL.viewLength).fill(0);
    Array.from(gradient.data).forEach((value, at) => {
      perPosition[Math.floor(at / SMALL.hiddenSize) % SMALL.viewLength]! += Math.abs(value);
    });
    return perPosition.map((total) => total > 0);
  };

  it('cut off tokens beyond the learned positions, and tell how many of real rows', () => {
    const cut = scene({ max_positions: 2 });
    expect(positionsSeen(cut)).toEqual([true, true, false, false]);
    // Content 1 has 4 tokens on either side, content 2 has 4 and 2: of these 14, the first 2 of each side are seen.
    const told = ({ context, points }: Scene): number =>
      evaluateScalars(points, { told: ganpoPenalty(context).metrics!['ganpo/tokens_cut']! })['told']!;
    const rows = [{ content: 1 }, { content: 2 }];
    expect(told(scene({ max_positions: 2 }, { rows }))).toBe(6);
    const filledUp = [...rows, { content: 1, isFiller: true }];
    expect(told(scene({ max_positions: 2 }, { rows: filledUp }))).toBe(6);
    expect(ganpoPenalty(scene({ max_positions: SMALL.viewLength }).context).metrics).toEqual({});
  });

  it('cut off nothing of an mlp, which has no positions', () => {
    const whole = scene({ max_positions: 2, architecture: 'mlp' });
    expect(positionsSeen(whole)).toEqual([true, true, true, true]);
    expect(ganpoPenalty(whole.context).metrics).toEqual({});
  });
});
