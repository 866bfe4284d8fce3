import { evaluate, input, matmul, traceGraph } from '@tether/graph';
import { runNumbers, wave } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { createBackend } from '../index.ts';
import { modelOf, operatorsOf } from '../testing/models.ts';

const backend = await createBackend({ providers: ['cpu'], threads: 2 });

/** Sums of up to 512 products of numbers below 1 in f32: 512 · 2⁻²⁴ · their size. */
const ROUNDING = 1e-4;

describe('products of a transposed matrix that is large enough to be copied', () => {
  it.each([
    ['fewer elements in the first operand', [96, 32], [96, 160]],
    ['more elements in the first operand', [512, 512], [512, 160]],
    ['batches', [2, 96, 64], [2, 96, 160]],
    ['a second operand too narrow for copying to pay', [96, 64], [96, 64]],
  ])('are right: %s', async (_, shapeA, shapeB) => {
    const y = matmul(input('a', 'f32', shapeA), input('b', 'f32', shapeB), { transposeA: true });
    const numbers = { a: wave(shapeA), b: wave(shapeB, 2) };
    const { y: actual } = await runNumbers(backend, { y }, numbers);
    const expected = evaluate(traceGraph({ y }), numbers).get('y')!.data;
    expect(actual).toHaveLength(expected.length);
    actual!.forEach((value: number, index: number) => {
      expect(Math.abs(value - expected[index]!)).toBeLessThan(ROUNDING);
    });
  });

  it('copy it once for all that read it', () => {
    const x = input('x', 'f32', [96, 32]);
    const [gate, up] = [input('gate', 'f32', [96, 160]), input('up', 'f32', [96, 160])];
    const products = { gate: matmul(x, gate, { transposeA: true }), up: matmul(x, up, { transposeA: true }) };
    expect(operatorsOf(modelOf(products))).toEqual(['Transpose', 'MatMul', 'MatMul']);
  });
});
