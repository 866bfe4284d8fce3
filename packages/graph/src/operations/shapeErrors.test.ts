import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';

const f = (...shape: number[]): g.Tensor => g.input('f', 'f32', shape);
const i = (...shape: number[]): g.Tensor => g.input('i', 'i32', shape);
const b = (...shape: number[]): g.Tensor => g.input('b', 'bool', shape);

type Mistake = readonly [make: () => g.Tensor, message: string];

const unaryFloat = (name: string, apply: (x: g.Tensor) => g.Tensor): Mistake[] => [
  [() => apply(b(2)), `${name}(bool[2]): does not take bool`],
];

const numericPair = (name: string, apply: (x: g.Tensor, y: g.Tensor) => g.Tensor): Mistake[] => [
  [() => apply(f(2, 3), f(4)), `${name}(f32[2, 3], f32[4]): cannot broadcast [2, 3] with [4]`],
  [() => apply(f(2), i(2)), `${name}(f32[2], i32[2]): both operands need the same element type`],
  [() => apply(b(2), b(2)), `${name}(bool[2], bool[2]): does not take bool`],
];

const floatPair = (name: string, apply: (x: g.Tensor, y: g.Tensor) => g.Tensor): Mistake[] => [
  ...numericPair(name, apply),
  [() => apply(i(2), i(2)), `${name}(i32[2], i32[2]): does not take i32`],
];

const logicalPair = (name: string, apply: (x: g.Tensor, y: g.Tensor) => g.Tensor): Mistake[] => [
  [() => apply(f(2), f(2)), `${name}(f32[2], f32[2]): does not take f32`],
  [() => apply(b(2), b(3)), `${name}(bool[2], bool[3]): cannot broadcast [2] with [3]`],
];

/** What each operation says of inputs that do not fit it. */
const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  constant: [[() => g.constant([1, 2], 'f32', [3]), 'constant(): 2 values do not fill [3]']],
  iota: [[() => g.iota([2, 3], 2), 'axis 2 is outside a tensor of rank 2']],
  randomBits: [
    [() => g.randomBits(f(), [2], 0), 'randomBits(f32[]): the seed is a scalar i32'],
    [() => g.randomBits(i(1), [2], 0), 'randomBits(i32[1]): the seed is a scalar i32'],
  ],
  add: numericPair('add', g.add),
  sub: numericPair('sub', g.sub),
  mul: numericPair('mul', g.mul),
  div: floatPair('div', g.div),
  pow: floatPair('pow', g.pow),
  maximum: numericPair('maximum', g.maximum),
  minimum: numericPair('minimum', g.minimum),
  equal: numericPair('equal', g.equal),
  less: numericPair('less', g.less),
  lessEqual: numericPair('lessEqual', g.lessEqual),
  and: logicalPair('and', g.and),
  or: logicalPair('or', g.or),
  not: [[() => g.not(f(2)), 'not(f32[2]): takes booleans']],
  neg: unaryFloat('neg', g.neg),
  abs: unaryFloat('abs', g.abs),
  exp: [...unaryFloat('exp', g.exp), [() => g.exp(i(2)), 'exp(i32[2]): does not take i32']],
  log: unaryFloat('log', g.log),
  sqrt: unaryFloat('sqrt', g.sqrt),
  tanh: unaryFloat('tanh', g.tanh),
  sigmoid: unaryFloat('sigmoid', g.sigmoid),
  erf: unaryFloat('erf', g.erf),
  sin: unaryFloat('sin', g.sin),
  cos: unaryFloat('cos', g.cos),
  sign: unaryFloat('sign', g.sign),
  floor: unaryFloat('floor', g.floor),
  select: [
    [() => g.select(f(2), f(2), f(2)), 'select(f32[2], f32[2], f32[2]): the condition is a boolean'],
    [() => g.select(b(2), f(2), i(2)), 'select(bool[2], f32[2], i32[2]): both branches need the same element type'],
    [() => g.select(b(2), f(3), f(3)), 'cannot broadcast [2] with [3] with [3]'],
  ],
  reduceSum: [
    [() => g.reduceSum(b(2)), 'reduceSum(bool[2]): sums floats or integers'],
    [() => g.reduceSum(f(2, 3), [2]), 'axis 2 is outside a tensor of rank 2'],
    [() => g.reduceSum(f(2, 3), [-3]), 'axis -3 is outside a tensor of rank 2'],
  ],
  reduceMax: [[() => g.reduceMax(b(2)), 'reduceMax(bool[2]): takes numbers']],
  argMax: [
    [() => g.argMax(f(2), 1), 'axis 1 is outside a tensor of rank 1'],
    [() => g.argMax(b(2), 0), 'argMax(bool[2]): takes numbers'],
  ],
  matmul: [
    [() => g.matmul(f(2, 3), f(4, 5)), 'matmul(f32[2, 3], f32[4, 5]): contracts 3 with 4'],
    [() => g.matmul(f(2, 3), f(4, 5), { transposeA: true, transposeB: true }), 'contracts 2 with 5'],
    [() => g.matmul(f(2), f(2)), 'takes two operands of the same rank, at least 2'],
    [() => g.matmul(f(1, 2, 3), f(3, 4)), 'takes two operands of the same rank, at least 2'],
    [() => g.matmul(f(2, 2, 3), f(3, 3, 4)), 'leading (batch) axes differ'],
    [() => g.matmul(i(2, 2), i(2, 2)), 'takes two floats of the same type'],
  ],
  reshape: [[() => g.reshape(f(2, 3), [5]), 'reshape(f32[2, 3]): cannot become [5]']],
  transpose: [
    [() => g.transpose(f(2, 3), [0, 0]), 'transpose(f32[2, 3]): [0, 0] is not a permutation of its axes'],
    [() => g.transpose(f(2, 3), [0]), '[0] is not a permutation of its axes'],
  ],
  broadcast: [
    [() => g.broadcast(f(2), [3]), 'broadcast(f32[2]): cannot broadcast [2] with [3]'],
    [() => g.broadcast(f(2, 3), [3]), 'broadcast(f32[2, 3]): cannot broadcast to [3]'],
  ],
  slice: [
    [() => g.slice(f(4), [1], [1]), 'slice(f32[4]): cannot slice from [1] to [1]'],
    [() => g.slice(f(4), [0], [5]), 'slice(f32[4]): cannot slice from [0] to [5]'],
    [() => g.sliceAxis(f(4), 1, 0, 2), 'axis 1 is outside a tensor of rank 1'],
  ],
  pad: [[() => g.pad(f(4), [-1], [0], 0), 'pad(f32[4]): cannot pad by [-1] and [0]']],
  concat: [
    [() => g.concat([f(2, 3), f(2, 4)], 0), 'concat(f32[2, 3], f32[2, 4]): inputs differ outside axis 0'],
    [() => g.concat([f(2), i(2)], 0), 'concat(f32[2], i32[2]): inputs differ'],
    [() => g.concat([], 0), 'concat(): needs at least one input'],
    [() => g.concat([f(), f()], 0), 'axis 0 is outside a tensor of rank 0'],
  ],
  gather: [
    [() => g.gather(f(4, 2), f(3)), 'gather(f32[4, 2], f32[3]): indices are i32'],
    [() => g.gather(f(), i(3)), 'gather(f32[], i32[3]): the table needs a first axis'],
  ],
  scatterAdd: [
    [() => g.scatterAdd(f(3, 2), f(3), 4), 'indices are i32'],
    [() => g.scatterAdd(i(3, 2), i(3), 4), 'adds floats'],
    [() => g.scatterAdd(f(3, 2), i(2), 4), 'updates start with the axes of the indices'],
  ],
  softmax: [
    [() => g.softmax(i(2)), 'softmax(i32[2]): takes floats'],
    [() => g.softmax(f()), 'softmax(f32[]): needs a last axis'],
  ],
  silu: [[() => g.silu(i(2)), 'silu(i32[2]): takes floats']],
  gelu: [[() => g.gelu(i(2)), 'gelu(i32[2]): takes floats']],
  rmsNorm: [
    [() => g.rmsNorm(f(2, 3), f(2), 1e-5), 'rmsNorm(f32[2, 3], f32[2]): the weight has the size of the last axis'],
    [() => g.rmsNorm(i(2, 3), f(3), 1e-5), 'rmsNorm(i32[2, 3], f32[3]): takes floats'],
  ],
  layerNorm: [
    [() => g.layerNorm(f(2, 3), f(3), f(2), 1e-5), 'weight and bias have the size of the last axis'],
    [() => g.layerNorm(i(2, 3), f(3), f(3), 1e-5), 'takes floats'],
  ],
};

/** Operations that take anything. */
const FIT_ALWAYS: ReadonlySet<string> = new Set(['barrier', 'cast', 'stopGradient', 'withGradient']);

describe('inputs that do not fit', () => {
  it('are tested for every operation that can refuse', () => {
    const names = Object.keys({ ...g.primitives, ...g.composites }).filter((name) => !FIT_ALWAYS.has(name));
    expect(Object.keys(MISTAKES).toSorted()).toEqual(names.toSorted());
  });

  it.each(Object.entries(MISTAKES))('%s says what is wrong', (_, mistakes) => {
    for (const [make, message] of mistakes) {
      expect(make).toThrow(g.ShapeError);
      expect(make).toThrow(message);
    }
  });

  it('are told with the place in the model', () => {
    const build = (): g.Tensor => g.scope('policy', () => g.scope('layers.2', () => g.add(f(2), f(3))));
    expect(build).toThrow('add(f32[2], f32[3]) in policy/layers.2: cannot broadcast [2] with [3]');
  });
});
