import { checkGradients, evaluate, input, reduceSum, mul, traceGraph, uniformNumbers } from '@tether/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverseFrequencies, type RopeConfig } from '../config/index.ts';
import { applyRotary, rotaryTables, scaledTables } from './index.ts';

const ropes: readonly RopeConfig[] = [
  { type: 'default', theta: 100 },
  { type: 'linear', theta: 100, factor: 3 },
  { type: 'llama3', theta: 100, factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 16 },
  {
    type: 'yarn',
    theta: 100,
    factor: 4,
    attentionFactor: 1,
    betaFast: 8,
    betaSlow: 1,
    originalMaxPositionEmbeddings: 16,
    truncate: true,
  },
];

const longRope: RopeConfig = {
  type: 'longrope',
  theta: 100,
  shortFactor: [1, 2],
  longFactor: [3, 5],
  attentionFactor: 1.2,
  originalMaxPositionEmbeddings: 6,
};

const positionsOf = (rows: number, length: number, seed: number): number[] =>
  [...uniformNumbers(rows * length, seed, 0, 200)].map(Math.floor);

describe('rotary position embedding', () => {
  it('turns the complex numbers x_d + i·x_(d+D/2) by position times frequency', () => {
    const [rows, heads, length, dim] = [2, 3, 4, 6];
    fc.assert(
      fc.property(fc.constantFrom(...ropes), fc.nat(1e6), (rope, seed) => {
        const x = uniformNumbers(rows * heads * length * dim, seed);
        const positions = positionsOf(rows, length, seed + 1);
        const tables = rotaryTables(input('positions', 'i32', [rows, length]), dim, rope);
        const turned = applyRotary(input('x', 'f32', [rows, heads, length, dim]), tables);
        const result = evaluate(traceGraph({ turned }), { x, positions }).get('turned')!.data;
        const frequencies = inverseFrequencies(rope, dim);
        for (let b = 0; b < rows; b++)
          for (let a = 0; a < heads; a++)
            for (let t = 0; t < length; t++)
              for (let d = 0; d < dim / 2; d++) {
                const at = ((b * heads + a) * length + t) * dim + d;
                const angle = positions[b * length + t]! * frequencies[d]!;
                const [real, imaginary] = [x[at]!, x[at + dim / 2]!];
                const expected = [
                  real * Math.cos(angle) - imaginary * Math.sin(angle),
                  real * Math.sin(angle) + imaginary * Math.cos(angle),
                ];
                expect(result[at]).toBeCloseTo(expected[0]!, 12);
                expect(result[at + dim / 2]).toBeCloseTo(expected[1]!, 12);
              }
      }),
      { numRuns: 20 },
    );
  });

  it('makes products of queries and keys depend on their distance only', () => {
    const [dim, rope] = [8, ropes[0]!];
    const product = (queryAt: number, keyAt: number): number => {
      const [q, k] = [input('q', 'f32', [1, 1, 1, dim]), input('k', 'f32', [1, 1, 1, dim])];
      const turn = (x: typeof q, name: string) => applyRotary(x, rotaryTables(input(name, 'i32', [1, 1]), dim, rope));
      const total = reduceSum(mul(turn(q, 'at'), turn(k, 'from')));
      const values = { q: uniformNumbers(dim, 1), k: uniformNumbers(dim, 2), at: [queryAt], from: [keyAt] };
      return evaluate(traceGraph({ total }), values).get('total')!.data[0]!;
    };
    expect(product(17, 12)).toBeCloseTo(product(5, 0), 12);
    expect(product(17, 12)).not.toBeCloseTo(product(17, 11), 3);
  });

  it('has the gradient of the turn, also when it scales', () => {
    const positions = { dtype: 'i32', shape: [2, 3], data: positionsOf(2, 3, 4) } as const;
    const x = { dtype: 'f32', shape: [2, 2, 3, 4], data: uniformNumbers(48, 5) } as const;
    const mismatches = checkGradients(
      (tensors) => applyRotary(tensors['x']!, scaledTables(rotaryTables(tensors['positions']!, 4, ropes[0]!), 0.3)),
      { x, positions },
    );
    expect(mismatches).toEqual([]);
  });

  it('turns the first dimensions only where a part of each head turns, and scales the others', () => {
    const x = uniformNumbers(8, 6);
    const tables = scaledTables(rotaryTables(input('positions', 'i32', [1, 1]), 4, ropes[0]!), 0.5);
    const y = applyRotary(input('x', 'f32', [1, 1, 1, 8]), tables);
    const whole = applyRotary(input('start', 'f32', [1, 1, 1, 4]), tables);
    const result = evaluate(traceGraph({ y, whole }), { x, start: x.slice(0, 4), positions: [9] });
    expect([...result.get('y')!.data]).toEqual([...result.get('whole')!.data, ...x.slice(4).map((value) => value / 2)]);
    const mismatches = checkGradients((tensors) => applyRotary(tensors['x']!, tables), {
      x: { dtype: 'f32', shape: [1, 1, 1, 8], data: x },
      positions: { dtype: 'i32', shape: [1, 1], data: [9] },
    });
    expect(mismatches).toEqual([]);
  });

  it('asks each row for its own length in LongRoPE, of which a part may be given', () => {
    const positions = input('positions', 'i32', [3, 2]);
    const tables = rotaryTables(positions, 4, longRope);
    const later = rotaryTables(positions, 4, longRope, input('lengths', 'i32', [3]));
    const graph = traceGraph({ cos: tables.cos, later: later.cos });
    const result = evaluate(graph, { positions: [1, 5, 1, 6, 1, 5], lengths: [6, 7, 7] });
    const expected = (position: number, factor: number, pair: number) =>
      1.2 * Math.cos((position * 100 ** (-pair / 2)) / factor);
    const rows = (longs: readonly boolean[]) =>
      [1, 5, 1, 6, 1, 5].flatMap((position, at) =>
        [0, 1].map((pair) => {
          const factors = longs[Math.floor(at / 2)]! ? longRope.longFactor : longRope.shortFactor;
          return expected(position, factors[pair]!, pair);
        }),
      );
    rows([false, true, false]).forEach((value, i) => expect(result.get('cos')!.data[i]).toBeCloseTo(value, 12));
    rows([false, true, true]).forEach((value, i) => expect(result.get('later')!.data[i]).toBeCloseTo(value, 12));
  });
});
