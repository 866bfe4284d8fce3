import { constant, input, type Tensor } from '@tether/graph';
import { evaluatePart, evaluateScalars, makeBatchViews, testRegularizer, type Points } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { POSITIONS } from './config.ts';
import { ckaDistance } from './distances/cka.ts';
import { cosineDistance } from './distances/cosine.ts';
import { l2Distance } from './distances/l2.ts';
import { mmdDistance } from './distances/mmd.ts';
import { slicedWassersteinDistance } from './distances/slicedWasserstein.ts';
import { plugins } from './index.ts';
import type { Sequences } from './sequences.ts';

const OPTIONS: Readonly<Record<string, readonly object[]>> = {
  latent_l2: [{ scale: 'sum' }, { scale: 'relative' }],
  mmd: [{ bandwidths: [1] }],
  sliced_wasserstein: [{ directions: 2 }],
};
for (const [name, plugin] of Object.entries(plugins)) {
  testRegularizer(plugin, {
    configs: [...POSITIONS.map((positions) => ({ positions })), { latent_layers: [0, -1] }, ...(OPTIONS[name] ?? [])],
  });
}

describe.each(Object.entries(plugins))('%s', (_name, plugin) => {
  const penalty = (points?: Points): number => {
    const batch = makeBatchViews();
    const context = { key: 'latent', views: batch.views, config: plugin.config.parse({}), parameters: {}, state: {} };
    const { loss } = plugin.penalty({ ...context, seed: constant(3, 'i32') });
    return evaluateScalars(points ?? batch.points, { loss })['loss']!;
  };

  it('takes states of single layers, over prompt and completion only', () => {
    expect(plugin.config.safeParse({ latent_layers: [0] }).success).toBe(true);
    expect(plugin.config.safeParse({ latent_layers: [0], positions: 'completion' }).error?.issues).toMatchObject([
      { path: ['latent_layers'] },
    ]);
  });

  it('is 0 where the policy is the reference, and positive elsewhere', () => {
    const { points } = makeBatchViews();
    expect(penalty({ ...points, 'policy/latents': points['reference/latents']! })).toBeCloseTo(0, 12);
    expect(penalty()).toBeGreaterThan(1e-3);
  });
});

type Matrix = readonly (readonly number[])[];

/** Two sequences whose positions beyond the length are garbage; [N, P, H] from matrices [length, H]. */
function sequencesOf(policy: readonly Matrix[], reference: readonly Matrix[]) {
  const length = Math.max(...policy.map((rows) => rows.length)) + 1;
  const hidden = policy[0]![0]!.length;
  const shape = [policy.length, length, hidden];
  const pad = (matrices: readonly Matrix[], garbage: number): number[] =>
    matrices.flatMap((rows) =>
      Array.from({ length }, (_, at) => rows[at] ?? Array.from({ length: hidden }, () => garbage)).flat(),
    );
  const mask = policy.flatMap((rows) => Array.from({ length }, (_, at) => (at < rows.length ? 1 : 0)));
  const points: Points = {
    policy: { dtype: 'f32', shape, data: pad(policy, 7) },
    reference: { dtype: 'f32', shape, data: pad(reference, -5) },
    mask: { dtype: 'f32', shape: shape.slice(0, 2), data: mask },
  };
  const sequences: Sequences = {
    policy: input('policy', 'f32', shape),
    reference: input('reference', 'f32', shape),
    mask: input('mask', 'f32', shape.slice(0, 2)),
  };
  const valuesOf = (distance: (sequences: Sequences) => Tensor): number[] =>
    Array.from(evaluatePart(points, { distance: distance(sequences) })['distance']!.data);
  return valuesOf;
}

const X: Matrix = [
  [1, 0.5, -1],
  [0.2, -0.7, 2],
  [1.5, 0, 0.3],
];
const Y: Matrix = [
  [0.8, 0.1, -0.4],
  [-0.3, -0.2, 1],
  [1, 1, 0],
];
const SHORT: Matrix = [[1, 2, 3]];
const SHORT_Y: Matrix = [[1, 2, 5]];
const valuesOf = sequencesOf([X, SHORT], [Y, SHORT_Y]);

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, at) => sum + x * b[at]!, 0);
const gap = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, at) => sum + (x - b[at]!) ** 2, 0);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('distances of states, from their definitions', () => {
  it('L2 is the mean squared distance', () => {
    const [long, short] = valuesOf((sequences) => l2Distance(sequences, { positions: 'all', scale: 'sum' }));
    expect(long).toBeCloseTo(mean(X.map((x, at) => gap(x, Y[at]!))), 12);
    expect(short).toBeCloseTo(4, 12);
    const [relative] = valuesOf((sequences) => l2Distance(sequences, { positions: 'all', scale: 'relative' }));
    expect(relative).toBeCloseTo(mean(X.map((x, at) => gap(x, Y[at]!) / dot(Y[at]!, Y[at]!))), 12);
    const [perUnit] = valuesOf((sequences) => l2Distance(sequences, { positions: 'all', scale: 'mean' }));
    expect(perUnit).toBeCloseTo(long! / 3, 12);
  });

  it('cosine is 1 − cos', () => {
    const [long] = valuesOf(cosineDistance);
    const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    expect(long).toBeCloseTo(mean(X.map((x, at) => 1 - cosine(x, Y[at]!))), 12);
  });

  it('MMD is the mean kernel within both samples, less twice the one across', () => {
    const bandwidths = [0.5, 3];
    const [long, short] = valuesOf((sequences) => mmdDistance(sequences, { positions: 'all', bandwidths }));
    const joined = [...X, ...Y];
    const width = mean(joined.flatMap((a) => joined.map((b) => gap(a, b))));
    const kernel = (a: Matrix, b: Matrix, s: number): number =>
      mean(a.flatMap((x) => b.map((y) => Math.exp(-gap(x, y) / (s * width)))));
    expect(long).toBeCloseTo(mean(bandwidths.map((s) => kernel(X, X, s) + kernel(Y, Y, s) - 2 * kernel(X, Y, s))), 12);
    expect(short).toBe(0); // one position has no spread to measure a distance by
  });

  it('MMD grows with the square of a small move, and vanishes with it, for any number of positions', () => {
    const bandwidths = [1];
    for (const rows of [[X[0]!], [X[0]!, X[1]!], X]) {
      const at = (move: number): number => {
        const moved = rows.map((row, at) => row.map((x, unit) => x + move * Math.sin(3 * at + unit)));
        return sequencesOf(
          [moved],
          [rows],
        )((sequences) => mmdDistance(sequences, { positions: 'all', bandwidths }))[0]!;
      };
      expect(at(1e-3)).toBeLessThan(1e-5);
      expect(at(1e-3)).toBeCloseTo(100 * at(1e-4), 7);
    }
  });

  it('MMD sees small distances of states that share a long part, as hidden states do', () => {
    const distance = (offset: number): number => {
      const by = (rows: Matrix, move: number): Matrix =>
        rows.map((row, at) => row.map((x, unit) => offset + x + move * Math.sin(3 * at + unit)));
      const bandwidths = [0.5, 1, 2];
      return sequencesOf(
        [by(X, 1e-3)],
        [by(X, 0)],
      )((sequences) => mmdDistance(sequences, { positions: 'all', bandwidths }))[0]!;
    };
    // As far beyond float64's roundoff as an offset of 100 is beyond float32's.
    expect(distance(1e7) / distance(0)).toBeCloseTo(1, 4);
  });

  it('CKA is the alignment of centered states, from feature space', () => {
    const [long, short] = valuesOf(ckaDistance);
    const center = (rows: Matrix): Matrix => {
      const means = rows[0]!.map((_, at) => mean(rows.map((row) => row[at]!)));
      return rows.map((row) => row.map((x, at) => x - means[at]!));
    };
    const cross = (a: Matrix, b: Matrix): number =>
      a[0]!
        .flatMap((_, i) => b[0]!.map((_unused, j) => a.reduce((sum, row, at) => sum + row[i]! * b[at]![j]!, 0)))
        .reduce((sum, x) => sum + x * x, 0);
    const [x, y] = [center(X), center(Y)];
    expect(long).toBeCloseTo(1 - cross(x, y) / Math.sqrt(cross(x, x) * cross(y, y)), 10);
    expect(short).toBeCloseTo(0, 11); // one position has no shape; the floor of the norms is 1e-12
  });

  it('CKA does not see rotations, scales and shifts', () => {
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const turned = X.map(([a, b, d]) => [3 * (c * a! - s * b!) + 1, 3 * (s * a! + c * b!) - 2, 3 * d!]);
    const [distance] = sequencesOf([turned], [X])(ckaDistance);
    expect(distance).toBeCloseTo(0, 10);
  });
});

describe('the sliced Wasserstein distance', () => {
  const sliced = (directions: number) => (sequences: Sequences) =>
    slicedWassersteinDistance(sequences, { positions: 'all', directions }, constant(4, 'i32'));

  it('is the exact distance where states are numbers: sorted differences, ties included', () => {
    const policy = [3, -1, 2, 2, 0.5].map((x) => [x]);
    const reference = [1, 1, 4, -2, 0].map((x) => [x]);
    const [distance] = sequencesOf([policy], [reference])(sliced(3));
    const sorted = (rows: Matrix): number[] => rows.map(([x]) => x!).sort((a, b) => a - b);
    expect(distance).toBeCloseTo(mean(sorted(policy).map((x, at) => (x - sorted(reference)[at]!) ** 2)), 12);
  });

  it('does not depend on the order of positions', () => {
    const reordered = [X[2]!, X[0]!, X[1]!];
    const [a] = sequencesOf([X], [Y])(sliced(5));
    const [b] = sequencesOf([reordered], [Y])(sliced(5));
    expect(a).toBeCloseTo(b!, 12);
  });

  it('is, for a shift, its squared length per hidden unit on average over many directions', () => {
    const shift = [0.3, -0.4, 1.2]; // of length 1.3
    const moved = X.map((row) => row.map((x, at) => x + shift[at]!));
    const [distance] = sequencesOf([moved], [X])(sliced(4000));
    expect(distance).toBeCloseTo(1.3 ** 2 / 3, 1); // standard error 0.008
  });
});
