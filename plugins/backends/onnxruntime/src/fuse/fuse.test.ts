import {
  add,
  concat,
  evaluate,
  input,
  matmul,
  mul,
  reduceSum,
  scatterAdd,
  sliceAxis,
  sub,
  traceGraph,
  type Tensor,
} from '@tether/graph';
import { runNumbers, wave, type Numbers } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { createBackend } from '../index.ts';
import { modelOf, operatorsOf } from '../testing/models.ts';

const backend = await createBackend({ providers: ['cpu'], threads: 2 });

/** Sums of a few products of numbers below 1 in f32 against float64. */
const ROUNDING = 1e-5;

async function expectSame(y: Tensor, numbers: Numbers): Promise<void> {
  const { y: actual } = await runNumbers(backend, { y }, numbers);
  const expected = evaluate(traceGraph({ y }), numbers).get('y')!.data;
  actual!.forEach((value: number, index: number) => {
    expect(Math.abs(value - expected[index]!)).toBeLessThan(ROUNDING);
  });
}

const operators = (y: Tensor): string[] => operatorsOf(modelOf({ y }));

describe('a number times a matrix product', () => {
  const [a, b] = [input('a', 'f32', [3, 4]), input('b', 'f32', [5, 4])];
  const numbers = { a: wave([3, 4]), b: wave([5, 4], 2) };

  it('becomes the multiplier of the product', async () => {
    const y = mul(matmul(a, b, { transposeB: true }), 0.25);
    expect(operators(y)).toEqual(['com.microsoft.FusedMatMul']);
    await expectSame(y, numbers);
  });

  it('stays apart where the product itself is wanted too', async () => {
    const product = matmul(a, b, { transposeB: true });
    const y = add(mul(product, 0.25), product);
    expect(operators(y)).toEqual(['com.microsoft.FusedMatMul', 'Mul', 'Add']);
    await expectSame(y, numbers);
  });
});

describe('a sum of products', () => {
  const shape = [3, 4, 320];
  const [x, z] = [input('x', 'f32', shape), input('z', 'f32', shape)];
  const numbers = { x: wave(shape), z: wave(shape, 2) };
  const sums = (operators: readonly string[]): string[] => operators.filter((name) => name !== 'Reshape');

  it.each([
    ['over the last axis', [-1]],
    ['over the last axes', [1, 2]],
    ['over all axes', undefined],
  ])('is one dot product for each result: %s', async (_, axes) => {
    const y = reduceSum(mul(x, z), axes);
    const squares = reduceSum(mul(x, x), axes);
    expect(sums(operators(y))).toEqual(['com.microsoft.FusedMatMul']);
    expect(sums(operators(squares))).toEqual(['com.microsoft.FusedMatMul']);
    await expectSame(mul(add(y, squares), 1 / 320), numbers);
  });

  it('of many elements is added up from parts', async () => {
    const large = input('large', 'f32', [640, 80]);
    const y = reduceSum(mul(large, large));
    expect(sums(operators(y))).toEqual(['com.microsoft.FusedMatMul', 'ReduceSum']);
    await expectSame(mul(y, 1 / (640 * 80)), { large: wave([640, 80]) });
  });

  it.each([
    ['of few elements', reduceSum(mul(input('a', 'f32', [9, 8]), input('b', 'f32', [9, 8])), [-1])],
    ['of a prime number of elements', reduceSum(mul(input('a', 'f32', [10007]), input('b', 'f32', [10007])))],
    ['over an axis before the last', reduceSum(mul(x, z), [1])],
    ['with a broadcast factor', reduceSum(mul(x, input('row', 'f32', [320])), [-1])],
  ])('is left alone %s', (_, y) => {
    expect(operators(y)).toEqual(['Mul', 'ReduceSum']);
  });

  it('is left alone where the products are wanted too', () => {
    const squares = mul(x, x);
    expect(operators(add(squares, reduceSum(squares, [-1], true)))).toEqual(['Mul', 'ReduceSum', 'Add']);
  });
});

describe('rows added to a table', () => {
  const updates = input('updates', 'f32', [3, 2]);
  const indices = input('indices', 'i32', [3]);
  const table = input('table', 'f32', [4, 2]);
  const rows = scatterAdd(updates, indices, 4);
  const numbers = { updates: wave([3, 2]), indices: Int32Array.of(2, 0, 2), table: wave([4, 2], 3) };

  it.each([
    ['table + rows', add(table, rows), 0],
    ['rows + table', add(rows, table), 0],
    ['table − rows', sub(table, rows), 1],
    ['rows − table', sub(rows, table), 1],
  ])('go onto the table itself: %s', async (_, y, negations) => {
    const used = operators(y);
    expect(used.filter((operator) => operator === 'Neg')).toHaveLength(negations);
    expect(used).not.toContain('Add');
    await expectSame(y, numbers);
  });
});

describe('rotary position embedding', () => {
  const x = input('x', 'f32', [2, 3, 5, 8]);
  const turn = (cos: Tensor, sin: Tensor): Tensor => {
    const [a, b] = [sliceAxis(x, -1, 0, 4), sliceAxis(x, -1, 4, 8)];
    return concat([sub(mul(a, cos), mul(b, sin)), add(mul(b, cos), mul(a, sin))], -1);
  };

  it.each([1, 2])('is one operator, with tables of %i row(s)', async (rows) => {
    const shape = [rows, 1, 5, 4];
    const y = turn(input('cos', 'f32', shape), input('sin', 'f32', shape));
    expect(operators(y)).toContain('com.microsoft.RotaryEmbedding');
    expect(operators(y)).not.toContain('Concat');
    await expectSame(y, { x: wave(x.shape), cos: wave(shape, 2), sin: wave(shape, 3) });
  });

  it('is not mistaken for what only looks like it', async () => {
    const shape = [2, 3, 5, 4]; // a table for each head
    const y = turn(input('cos', 'f32', shape), input('sin', 'f32', shape));
    expect(operators(y)).toContain('Concat');
    await expectSame(y, { x: wave(x.shape), cos: wave(shape, 2), sin: wave(shape, 3) });
  });
});
