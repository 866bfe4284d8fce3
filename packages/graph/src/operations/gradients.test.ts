import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';
import { awayFromZero, floats, indices, permutations, seeds, shapes, shapesTogether } from '../testing/arbitraries.ts';

type Inputs = Readonly<Record<string, g.GradientPoint>>;
type Tensors = Readonly<Record<string, g.Tensor>>;

interface Case {
  readonly inputs: Inputs;
  readonly build: (tensors: Tensors) => g.Tensor;
}

/** A function of one input over a range in which it is smooth. */
const unary =
  (apply: (x: g.Tensor) => g.Tensor, low: number, high: number, least = 0) =>
  (): fc.Arbitrary<Case> =>
    fc.tuple(shapes({ least }), seeds).map(([shape, seed]) => ({
      inputs: { x: floats(shape, seed, low, high) },
      build: ({ x }) => apply(x!),
    }));

/** A function of two inputs that broadcast together. */
const binary = (apply: (a: g.Tensor, b: g.Tensor) => g.Tensor, low: number, high: number) => (): fc.Arbitrary<Case> =>
  fc.tuple(shapesTogether(2), seeds).map(([[a, b], seed]) => ({
    inputs: { a: floats(a!, seed, low, high), b: floats(b!, seed + 1, low, high) },
    build: (tensors) => apply(tensors['a']!, tensors['b']!),
  }));

/** Pairs that are at least 0.1 apart wherever they are compared: a near 0, b near ±1. */
const apart = (apply: (a: g.Tensor, b: g.Tensor) => g.Tensor) => (): fc.Arbitrary<Case> =>
  fc.tuple(shapesTogether(2), seeds).map(([[a, b], seed]) => ({
    inputs: { a: floats(a!, seed, -0.4, 0.4), b: awayFromZero(floats(b!, seed + 1), 0.5) },
    build: (tensors) => apply(tensors['a']!, tensors['b']!),
  }));

/** Distinct numbers at least 0.5 apart, in random order: no ties near. */
function distinct(shape: g.Shape, seed: number): g.GradientPoint {
  const order = [...g.uniformNumbers(g.sizeOf(shape), seed).entries()].toSorted((a, b) => a[1] - b[1]);
  const data = new Float64Array(order.length);
  order.forEach(([at], rank) => (data[at] = rank / 2));
  return { dtype: 'f32', shape, data };
}

const someAxes = (shape: g.Shape): fc.Arbitrary<number[]> => fc.subarray([...shape.keys()]);

const normed =
  (names: readonly string[], apply: (x: g.Tensor, ...rest: g.Tensor[]) => g.Tensor) => (): fc.Arbitrary<Case> =>
    fc.tuple(shapes({ least: 1, extent: 4 }), seeds).map(([shape, seed]) => ({
      inputs: {
        x: floats(shape, seed, -2, 2),
        ...Object.fromEntries(names.map((name, index) => [name, floats(shape.slice(-1), seed + 1 + index, 0.5, 2)])),
      },
      build: ({ x, ...rest }) => apply(x!, ...names.map((name) => rest[name]!)),
    }));

/** A case for every operation that has a gradient: the meta-test below fails when one is missing. */
const CASES: Readonly<Record<string, () => fc.Arbitrary<Case>>> = {
  add: binary(g.add, -2, 2),
  sub: binary(g.sub, -2, 2),
  mul: binary(g.mul, -2, 2),
  div: binary(g.div, 0.5, 2),
  pow: binary(g.pow, 0.5, 2),
  maximum: apart(g.maximum),
  minimum: apart(g.minimum),
  neg: unary(g.neg, -2, 2),
  exp: unary(g.exp, -2, 2),
  log: unary(g.log, 0.5, 3),
  sqrt: unary(g.sqrt, 0.5, 3),
  tanh: unary(g.tanh, -3, 3),
  sigmoid: unary(g.sigmoid, -4, 4),
  erf: unary(g.erf, -3, 3),
  sin: unary(g.sin, -4, 4),
  cos: unary(g.cos, -4, 4),
  abs: unary((x) => g.abs(g.sub(x, 1.5)), 0.1, 1),
  softmax: unary(g.softmax, -3, 3, 1),
  silu: unary(g.silu, -4, 4),
  gelu: unary(g.gelu, -4, 4),
  // A large ε: near x = 0 the curvature grows as ε^−3/2, and with it the error of central differences.
  rmsNorm: normed(['weight'], (x, weight) => g.rmsNorm(x, weight, 0.25)),
  layerNorm: normed(['weight', 'bias'], (x, weight, bias) => g.layerNorm(x, weight, bias, 0.25)),
  barrier: binary((a, b) => g.add(g.barrier(a, b), b), -1, 1),
  cast: unary((x) => g.mul(g.cast(x, 'f32'), x), -1, 1),
  select: () =>
    fc.tuple(shapesTogether(3), seeds).map(([[c, a, b], seed]) => ({
      inputs: { c: indices(c!, seed, 2), a: floats(a!, seed + 1), b: floats(b!, seed + 2) },
      build: (tensors) => g.select(g.equal(tensors['c']!, 1), tensors['a']!, tensors['b']!),
    })),
  reduceSum: () =>
    fc.tuple(shapes(), seeds, fc.boolean()).chain(([shape, seed, keep]) =>
      someAxes(shape).map((axes) => ({
        inputs: { x: floats(shape, seed) },
        build: ({ x }) => g.reduceSum(x!, axes, keep),
      })),
    ),
  reduceMax: () =>
    fc.tuple(shapes(), seeds, fc.boolean()).chain(([shape, seed, keep]) =>
      someAxes(shape).map((axes) => ({
        inputs: { x: distinct(shape, seed) },
        build: ({ x }) => g.reduceMax(x!, axes, keep),
      })),
    ),
  matmul: () =>
    fc
      .tuple(shapes({ most: 2 }), shapes({ least: 3, most: 3 }), fc.boolean(), fc.boolean(), seeds)
      .map(([batch, [m, k, n], transposeA, transposeB, seed]) => ({
        inputs: {
          a: floats([...batch, ...(transposeA ? [k!, m!] : [m!, k!])], seed),
          b: floats([...batch, ...(transposeB ? [n!, k!] : [k!, n!])], seed + 1),
        },
        build: (tensors) => g.matmul(tensors['a']!, tensors['b']!, { transposeA, transposeB }),
      })),
  reshape: unary((x) => g.mul(g.reshape(x, [g.sizeOf(x.shape)]), g.reshape(x, [g.sizeOf(x.shape)])), -1, 1),
  transpose: () =>
    fc.tuple(shapes({ most: 4 }), seeds).chain(([shape, seed]) =>
      permutations(shape.length).map((permutation) => ({
        inputs: { x: floats(shape, seed) },
        build: ({ x }) => g.transpose(x!, permutation),
      })),
    ),
  broadcast: () =>
    fc.tuple(shapesTogether(2), seeds).map(([[a, b], seed]) => ({
      inputs: { a: floats(a!, seed) },
      build: (tensors) => g.broadcast(tensors['a']!, g.broadcastShapes(a!, b!)),
    })),
  slice: () =>
    fc.tuple(shapes({ extent: 4 }), seeds).chain(([shape, seed]) =>
      fc
        .tuple(...shape.map((extent) => fc.tuple(fc.nat(extent - 1), fc.nat(extent - 1))))
        .map((ends) => ends.map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const))
        .map((ranges) => ({
          inputs: { x: floats(shape, seed) },
          build: ({ x }) =>
            g.slice(
              x!,
              ranges.map(([start]) => start),
              ranges.map(([, limit]) => limit),
            ),
        })),
    ),
  pad: () =>
    fc.tuple(shapes(), seeds).chain(([shape, seed]) =>
      fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2)))).map((widths) => ({
        inputs: { x: floats(shape, seed) },
        build: ({ x }) =>
          g.pad(
            x!,
            widths.map(([low]) => low),
            widths.map(([, high]) => high),
            0.5,
          ),
      })),
    ),
  concat: () =>
    fc
      .tuple(shapes({ least: 1 }), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }), seeds)
      .chain(([shape, extents, seed]) =>
        fc.nat(shape.length - 1).map((axis) => ({
          inputs: Object.fromEntries(
            extents.map((extent, part) => [`x${part}`, floats(shape.with(axis, extent), seed + part)]),
          ),
          // The first part twice: its gradient is a sum.
          build: (tensors) => g.concat([...Object.values(tensors), tensors['x0']!], axis),
        })),
      ),
  gather: () =>
    fc
      .tuple(shapes({ least: 1 }), shapes({ most: 2, extent: 4 }), seeds) // up to 16 indices into at most 3 rows
      .map(([table, at, seed]) => ({
        inputs: { table: floats(table, seed), at: indices(at, seed + 1, table[0]!) },
        build: (tensors) => g.gather(tensors['table']!, tensors['at']!),
      })),
  scatterAdd: () =>
    fc
      .tuple(shapes({ most: 2, extent: 4 }), shapes({ most: 2 }), fc.integer({ min: 1, max: 3 }), seeds)
      .map(([at, row, size, seed]) => ({
        inputs: { updates: floats([...at, ...row], seed), at: indices(at, seed + 1, size) },
        build: (tensors) => g.scatterAdd(tensors['updates']!, tensors['at']!, size),
      })),
};

/** Operations whose gradient is not that of their value, on purpose: tested in control.test.ts. */
const ON_PURPOSE: ReadonlySet<string> = new Set(['withGradient']);

const differentiable = Object.values({ ...g.primitives, ...g.composites })
  .filter(({ name, gradient }) => gradient !== 'none' && !ON_PURPOSE.has(name))
  .map(({ name }) => name);

describe('gradients agree with central differences', () => {
  it('has a case for every operation with a gradient', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(differentiable.toSorted());
  });

  it.each(differentiable)('%s', (name) => {
    fc.assert(
      fc.property(CASES[name]!(), ({ build, inputs }) => {
        // The square of the result has a gradient that depends on the result: second derivatives are seen too.
        const squared = (tensors: Tensors): g.Tensor => {
          const output = build(tensors);
          return g.add(output, g.mul(output, output));
        };
        expect(g.checkGradients(squared, inputs)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('at ties and kinks', () => {
  const gradientsAt = (
    build: (...tensors: g.Tensor[]) => g.Tensor,
    ...points: readonly (readonly number[])[]
  ): number[][] => {
    const tensors = points.map((point, index) => g.input(`x${index}`, 'f32', [point.length]));
    const gradients = g.grad(g.reduceSum(build(...tensors)), tensors);
    const graph = g.traceGraph(Object.fromEntries(gradients.map((gradient, index) => [`d${index}`, gradient])));
    const used = Object.fromEntries(
      points.map((point, index) => [`x${index}`, point]).filter(([name]) => graph.inputs.has(name as string)),
    ) as Record<string, readonly number[]>;
    return [...g.evaluate(graph, used).values()].map(({ data }) => [...data]);
  };

  it('maximum and minimum give the whole gradient to the first operand', () => {
    expect(gradientsAt(g.maximum, [1, 2], [1, 3])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(gradientsAt(g.minimum, [1, 2], [1, 3])).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  it('reduceMax shares the gradient among equal elements', () => {
    expect(gradientsAt((x) => g.reduceMax(x), [3, 1, 3, 3])).toEqual([[1 / 3, 0, 1 / 3, 1 / 3]]);
  });

  it('abs has gradient 0 at 0, as in PyTorch', () => {
    expect(gradientsAt((x) => g.abs(x), [-2, 0, 2])).toEqual([[-1, 0, 1]]);
  });

  it('pow with an exponent that is a number has a finite gradient at 0', () => {
    expect(gradientsAt((x) => g.pow(x, 2), [0, 3])).toEqual([[0, 6]]);
  });

  it('logSigmoid, softplus and binary cross-entropy have their true slope at 0', () => {
    expect(gradientsAt((x) => g.logSigmoid(x), [0])).toEqual([[0.5]]);
    expect(gradientsAt((x) => g.softplus(x), [0])).toEqual([[0.5]]);
    expect(gradientsAt((x) => g.binaryCrossEntropy(x, 1), [0])).toEqual([[-0.5]]);
    expect(gradientsAt((x) => g.binaryCrossEntropy(x, 0), [0])).toEqual([[0.5]]);
  });

  it('logSigmoid neither overflows nor loses its gradient far out', () => {
    expect(gradientsAt((x) => g.logSigmoid(x), [-1000, 1000])).toEqual([[1, 0]]);
  });
});
