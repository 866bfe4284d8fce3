import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';
import { floats, seeds, shapes } from '../testing/arbitraries.ts';

const valueOf = (tensor: g.Tensor, inputs: g.NumbersByName = {}): number[] => [
  ...g.evaluate(g.traceGraph({ y: tensor }), inputs).get('y')!.data,
];
const vector = (...numbers: number[]): g.Tensor => g.constant(numbers, 'f32', [numbers.length]);

/** The functions on random tensors x, each with the least rank that it takes. */
const FUNCTIONS: readonly [name: string, rank: number, apply: (x: g.Tensor) => g.Tensor][] = [
  ['logSigmoid', 0, g.logSigmoid],
  ['softplus', 0, g.softplus],
  ['binaryCrossEntropy to 0', 0, (x) => g.binaryCrossEntropy(x, 0)],
  ['binaryCrossEntropy to 1', 0, (x) => g.binaryCrossEntropy(x, 1)],
  ['mean', 0, (x) => g.mean(x)],
  ['mean of the last axis, kept', 1, (x) => g.mean(x, [-1], true)],
  ['logSumExp', 1, g.logSumExp],
  ['globalNorm', 0, (x) => g.globalNorm([g.add(x, 2), g.mul(x, x)])],
  ['maskedMean', 1, (x) => g.maskedMean(x, g.sigmoid(x), [-1])],
];

describe('gradients agree with central differences', () => {
  it.each(FUNCTIONS)('%s', (_, least, apply) => {
    fc.assert(
      fc.property(shapes({ least }), seeds, (shape, seed) => {
        const squared = ({ x }: Readonly<Record<string, g.Tensor>>): g.Tensor => g.mul(apply(x!), apply(x!));
        expect(g.checkGradients(squared, { x: floats(shape, seed, -3, 3) })).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('values', () => {
  it('globalNorm of no tensors is 0', () => {
    expect(valueOf(g.globalNorm([]))).toEqual([0]);
  });

  it('logSigmoid and softplus are accurate from end to end', () => {
    const expected = [-1000, -30, -1, 0, 1, 30].map((x) => (x > -700 ? -Math.log1p(Math.exp(-x)) : x));
    valueOf(g.logSigmoid(vector(-1000, -30, -1, 0, 1, 30))).forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at]!, 12);
    });
    expect(valueOf(g.softplus(vector(-1000, 0, 1000))).map(Math.abs)).toEqual([0, Math.LN2, 1000]);
  });

  it('binary cross-entropy is that of the logistic probability', () => {
    const p = 1 / (1 + Math.exp(-0.7));
    expect(valueOf(g.binaryCrossEntropy(vector(0.7), 1))[0]).toBeCloseTo(-Math.log(p), 12);
    expect(valueOf(g.binaryCrossEntropy(vector(0.7), 0))[0]).toBeCloseTo(-Math.log(1 - p), 12);
  });

  it('logSumExp neither overflows nor underflows', () => {
    expect(valueOf(g.logSumExp(vector(1000, 1000)))[0]).toBeCloseTo(1000 + Math.LN2, 10);
    expect(valueOf(g.logSumExp(vector(-1000, -1001)))[0]).toBeCloseTo(-1000 + Math.log1p(Math.exp(-1)), 10);
  });

  it('globalNorm is over all elements of all tensors', () => {
    expect(valueOf(g.globalNorm([vector(3, 0), g.constant(4)]))).toEqual([5]);
  });

  it('maskedMean counts only what the mask shows', () => {
    const x = g.constant([1, 2, 30, 4, 5, 6], 'f32', [2, 3]);
    const mask = g.constant([1, 1, 0, 1, 1, 1], 'f32', [2, 3]);
    expect(valueOf(g.maskedMean(x, mask, [1]))).toEqual([1.5, 5]);
  });
});
