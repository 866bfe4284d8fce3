import { add, exp, input, matmul, mul, reduceSum, reshape, traceGraph } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { peakIntermediateBytes } from './estimate.ts';

const SIZE = 64;
const BYTES = 4 * SIZE * SIZE; // of one matrix
const x = input('x', 'f32', [SIZE, SIZE]);

describe('the most that a graph holds at once', () => {
  it('counts a chain of products as what one reads and what it makes', () => {
    const chain = [1, 2, 3, 4, 5].reduce((product) => matmul(product, x), x);
    expect(peakIntermediateBytes(traceGraph({ y: chain }))).toBe(2 * BYTES);
  });

  it('lets elementwise operators write over what nobody reads again', () => {
    const y = mul(exp(add(matmul(x, x), 1)), 3);
    expect(peakIntermediateBytes(traceGraph({ y }))).toBe(BYTES);
  });

  it('keeps what is read later', () => {
    const kept = Array.from({ length: 4 }, (_, index) => matmul(x, mul(x, index + 2)));
    const sum = kept.toReversed().reduce((total, product) => add(total, reduceSum(matmul(product, product))), x);
    expect(peakIntermediateBytes(traceGraph({ sum }))).toBeGreaterThanOrEqual(4 * BYTES);
  });

  it('takes a reshaped value for the same memory', () => {
    const product = matmul(x, x);
    const flat = reshape(product, [SIZE * SIZE]);
    expect(peakIntermediateBytes(traceGraph({ y: exp(flat) }))).toBe(BYTES);
  });
});
