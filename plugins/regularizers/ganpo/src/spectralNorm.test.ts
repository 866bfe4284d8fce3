import { initialValues } from '@tether/core';
import { evaluate, grad, input, traceGraph, uniformNumbers } from '@tether/graph';
import { gradcheck } from '@tether/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { powerIteration, singularValue, type SingularVectors } from './spectralNorm.ts';

type Matrix = readonly (readonly number[])[];

const randomMatrix = (rows: number, columns: number, seed: number): Matrix =>
  Array.from({ length: rows }, (_, row) => [...uniformNumbers(columns, seed + 101 * row, -1, 1)]);

/**
 * The largest singular value by Jacobi's rotations of AᵀA, which share nothing with power iteration: they turn pairs of
 * columns until all are orthogonal, and the columns' lengths are then the singular values.
 */
function largestSingularValue(matrix: Matrix): number {
  const columns = matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const [a, b] = [columns[p]!, columns[q]!];
        const angle = 0.5 * Math.atan2(2 * dot(a, b), dot(a, a) - dot(b, b));
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        columns[p] = a.map((x, i) => cos * x + sin * b[i]!);
        columns[q] = b.map((x, i) => cos * x - sin * a[i]!);
      }
    }
  }
  return Math.max(...columns.map((column) => Math.hypot(...column)));
}

const startVectors = (rows: number, columns: number) => ({
  u: initialValues('u', { shape: [rows], initializer: { kind: 'unitVector' } }, 3),
  v: initialValues('v', { shape: [columns], initializer: { kind: 'unitVector' } }, 3),
});

/** σ after each of `count` power iterations. */
function sigmas(matrix: Matrix, count: number): number[] {
  const [rows, columns] = [matrix.length, matrix[0]!.length];
  const weight = input('weight', 'f32', [rows, columns]);
  const before: SingularVectors = { u: input('u', 'f32', [rows]), v: input('v', 'f32', [columns]) };
  const after = powerIteration(weight, before);
  const graph = traceGraph({ ...after, sigma: singularValue(weight, after) });
  let vectors: Record<'u' | 'v', ArrayLike<number>> = startVectors(rows, columns);
  return Array.from({ length: count }, () => {
    // u alone is read: v is a function of it
    const given: Record<string, ArrayLike<number>> = { weight: matrix.flat(), ...vectors };
    const used = Object.fromEntries(Object.entries(given).filter(([name]) => graph.inputs.has(name)));
    const outputs = evaluate(graph, used);
    vectors = { u: outputs.get('u')!.data, v: outputs.get('v')!.data };
    return outputs.get('sigma')!.data[0]!;
  });
}

describe('power iteration', () => {
  it.each([
    [1, 5],
    [5, 1],
    [3, 3],
    [4, 6],
    [8, 5],
  ])('converges to the largest singular value of a %i × %i matrix', (rows, columns) => {
    const matrix = randomMatrix(rows, columns, 7 * rows + columns);
    // The error falls with (σ₂/σ₁)^2n, here below 1e-9 after 300 iterations for every one of these matrices.
    expect(sigmas(matrix, 300).at(-1)).toBeCloseTo(largestSingularValue(matrix), 8);
  });

  it('never overestimates, and gets closer with every iteration', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(1000),
        (rows, columns, seed) => {
          const matrix = randomMatrix(rows, columns, seed);
          const found = sigmas(matrix, 5);
          const limit = largestSingularValue(matrix) + 1e-12; // roundoff
          found.forEach((sigma, step) => {
            expect(sigma).toBeLessThanOrEqual(limit);
            if (step > 0) expect(sigma).toBeGreaterThanOrEqual(found[step - 1]! - 1e-12);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('leaves the gradient to the matrix: ∂σ/∂W = u·vᵀ, through σ alone', () => {
    const [rows, columns] = [3, 4];
    const { u, v } = startVectors(rows, columns);
    const fixed = { u: input('u', 'f32', [rows]), v: input('v', 'f32', [columns]) };
    const weight = input('weight', 'f32', [rows, columns]);
    const gradient = grad(singularValue(weight, fixed), [weight])[0]!;
    const values = evaluate(traceGraph({ gradient }), { u, v }).get('gradient')!.data;
    Array.from(values).forEach((value, at) => {
      expect(value).toBeCloseTo(u[Math.floor(at / columns)]! * v[at % columns]!, 12);
    });
    gradcheck(({ weight: w }) => singularValue(w!, powerIteration(w!, fixed)), {
      weight: { shape: [rows, columns] },
      u: { shape: [rows], data: u },
      v: { shape: [columns], data: v },
    });
  });

  it('keeps a matrix of zeros finite', () => {
    expect(
      sigmas(
        [
          [0, 0],
          [0, 0],
        ],
        2,
      ),
    ).toEqual([0, 0]);
  });
});
