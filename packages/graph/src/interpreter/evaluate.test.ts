import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as g from '../index.ts';
import { floats, indices, inputLike, permutations, seeds, shapes, shapesTogether } from '../testing/arbitraries.ts';

/**
 * The interpreter is the truth for everything else, so its own truth is the definition of each operation, element by
 * element: these tests say, for every index of the result, which elements it comes from.
 */

type At = (index: readonly number[]) => number;

/** Reads a row-major tensor by multi-index. */
const reader = ({ shape, data }: { shape: g.Shape; data: ArrayLike<number> }): At => {
  const strides = g.stridesOf(shape);
  return (index) => data[index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)]!;
};

function indicesOf(shape: g.Shape): number[][] {
  return shape.reduce<number[][]>(
    (all, extent) => all.flatMap((index) => Array.from({ length: extent }, (_, at) => [...index, at])),
    [[]],
  );
}

/** Evaluates `build` on inputs and compares every element with `expected`, exactly unless told otherwise. */
function expectElements(
  points: readonly g.GradientPoint[],
  build: (...tensors: g.Tensor[]) => g.Tensor,
  expected: (index: readonly number[], ...at: At[]) => number,
  tolerance = 0,
): void {
  const names = points.map((_, position) => `x${position}`);
  const output = build(...points.map((point, position) => inputLike(names[position]!, point)));
  const inputs = Object.fromEntries(points.map(({ data }, position) => [names[position]!, data]));
  const result = g.evaluate(g.traceGraph({ y: output }), inputs).get('y')!;
  expect(result.shape).toEqual(output.shape);
  const at = points.map(reader);
  const wrong = indicesOf(output.shape).filter((index, place) => {
    const [actual, wanted] = [result.data[place]!, expected(index, ...at)];
    return !Object.is(actual + 0, wanted + 0) && !(Math.abs(actual - wanted) <= tolerance); // −0 counts as 0
  });
  expect(wrong).toEqual([]);
}

/** The element of a tensor of `shape` that broadcasting puts at `index`. */
const broadcastIndex = (index: readonly number[], shape: g.Shape): number[] =>
  shape.map((extent, axis) => (extent === 1 ? 0 : index[index.length - shape.length + axis]!));

const check = <T>(arbitrary: fc.Arbitrary<T>, test: (value: T) => void): void =>
  fc.assert(fc.property(arbitrary, test), { numRuns: 80 });

describe('the interpreter follows the definitions', () => {
  it('elementwise operations broadcast by NumPy’s rule', () => {
    check(fc.tuple(shapesTogether(3, { most: 5 }), seeds), ([[c, a, b], seed]) => {
      const points = [indices(c!, seed, 2), floats(a!, seed + 1), floats(b!, seed + 2)];
      expectElements(
        points,
        (x, y, z) => g.select(g.less(x, 1), y, g.sub(y, z)),
        (index, atC, atA, atB) => {
          const first = atA(broadcastIndex(index, a!));
          return atC(broadcastIndex(index, c!)) < 1 ? first : first - atB(broadcastIndex(index, b!));
        },
      );
    });
  });

  it('transpose moves axis permutation[i] to i', () => {
    const cases = shapes({ most: 5 }).chain((shape) => fc.tuple(fc.constant(shape), permutations(shape.length), seeds));
    check(cases, ([shape, permutation, seed]) => {
      expectElements(
        [floats(shape, seed)],
        (x) => g.transpose(x, permutation),
        (index, at) => at(shape.map((_, axis) => index[permutation.indexOf(axis)]!)),
      );
    });
  });

  it('broadcast repeats', () => {
    check(fc.tuple(shapesTogether(2, { most: 5 }), seeds), ([[a, b], seed]) => {
      const target = g.broadcastShapes(a!, b!);
      expectElements(
        [floats(a!, seed)],
        (x) => g.broadcast(x, target),
        (index, at) => at(broadcastIndex(index, a!)),
      );
    });
  });

  it('pad and slice are each other’s inverse, and pad fills with its value', () => {
    const cases = shapes({ most: 4 }).chain((shape) =>
      fc.tuple(fc.constant(shape), fc.array(fc.nat(2), { minLength: shape.length, maxLength: shape.length }), seeds),
    );
    check(cases, ([shape, low, seed]) => {
      const high = low.toReversed();
      const limits = shape.map((extent, axis) => low[axis]! + extent);
      const isInside = (index: readonly number[]): boolean =>
        index.every((at, axis) => low[axis]! <= at && at < limits[axis]!);
      const point = floats(shape, seed);
      expectElements(
        [point],
        (x) => g.pad(x, low, high, 7),
        (index, at) => (isInside(index) ? at(index.map((i, axis) => i - low[axis]!)) : 7),
      );
      expectElements(
        [point],
        (x) => g.slice(g.pad(x, low, high, 7), low, limits),
        (index, at) => at(index),
      );
    });
  });

  it('concat puts its inputs one after the other', () => {
    const cases = shapes({ least: 1, most: 4 }).chain((shape) =>
      fc.tuple(fc.constant(shape), fc.nat(shape.length - 1), fc.integer({ min: 1, max: 3 }), seeds),
    );
    check(cases, ([shape, axis, extra, seed]) => {
      const first = shape[axis]!;
      expectElements(
        [floats(shape, seed), floats(shape.with(axis, extra), seed + 1)],
        (x, y) => g.concat([x, y], axis),
        (index, atX, atY) => (index[axis]! < first ? atX(index) : atY(index.with(axis, index[axis]! - first))),
      );
    });
  });

  it('reduceSum, reduceMax and argMax range over exactly the reduced axes', () => {
    const cases = shapes({ least: 1, most: 4 }).chain((shape) =>
      fc.tuple(fc.constant(shape), fc.nat(shape.length - 1), seeds),
    );
    check(cases, ([shape, axis, seed]) => {
      const line = (index: readonly number[], at: At): number[] =>
        Array.from({ length: shape[axis]! }, (_, i) => at(index.toSpliced(axis, 0, i)));
      const points = [floats(shape, seed)];
      expectElements(
        points,
        (x) => g.reduceSum(x, [axis]),
        (index, at) => line(index, at).reduce((a, b) => a + b, 0),
      );
      expectElements(
        points,
        (x) => g.reduceMax(x, [axis]),
        (index, at) => Math.max(...line(index, at)),
      );
      expectElements(
        points,
        (x) => g.argMax(x, axis),
        (index, at) => {
          const values = line(index, at);
          return values.indexOf(Math.max(...values));
        },
      );
    });
  });

  it('matmul sums products over K, whatever the transpose flags', () => {
    const cases = fc.tuple(
      shapes({ most: 2 }),
      shapes({ least: 3, most: 3, extent: 9 }),
      fc.boolean(),
      fc.boolean(),
      seeds,
    );
    check(cases, ([batch, [m, k, n], transposeA, transposeB, seed]) => {
      const swapIf = (swap: boolean, index: readonly number[]): number[] =>
        swap ? [...index.slice(0, -2), index.at(-1)!, index.at(-2)!] : [...index];
      expectElements(
        [
          floats(swapIf(transposeA, [...batch, m!, k!]), seed),
          floats(swapIf(transposeB, [...batch, k!, n!]), seed + 1),
        ],
        (a, b) => g.matmul(a, b, { transposeA, transposeB }),
        (index, atA, atB) => {
          const [row, column] = index.slice(-2) as [number, number];
          const lead = index.slice(0, -2);
          let sum = 0;
          for (let p = 0; p < k!; p++) {
            sum += atA(swapIf(transposeA, [...lead, row, p])) * atB(swapIf(transposeB, [...lead, p, column]));
          }
          return sum;
        },
        1e-14, // at most 9 products below 1, added up in another order
      );
    });
  });

  it('gather reads whole rows, scatterAdd adds rows with the same index up', () => {
    const cases = fc.tuple(shapes({ most: 2 }), shapes({ most: 2 }), fc.integer({ min: 1, max: 3 }), seeds);
    check(cases, ([lead, row, size, seed]) => {
      const at = indices(lead, seed, size);
      const rank = lead.length;
      expectElements(
        [floats([size, ...row], seed + 1), at],
        (table, index) => g.gather(table, index),
        (index, atTable, atIndex) => atTable([atIndex(index.slice(0, rank)), ...index.slice(rank)]),
      );
      expectElements(
        [floats([...lead, ...row], seed + 1), at],
        (updates, index) => g.scatterAdd(updates, index, size),
        (index, atUpdates, atIndex) =>
          indicesOf(lead)
            .filter((place) => atIndex(place) === index[0])
            .reduce((sum, place) => sum + atUpdates([...place, ...index.slice(1)]), 0),
      );
    });
  });

  it('iota counts along its axis, constants fill their shape', () => {
    const cases = shapes({ least: 1, most: 4 }).chain((shape) =>
      fc.tuple(fc.constant(shape), fc.nat(shape.length - 1)),
    );
    check(cases, ([shape, axis]) => {
      expectElements(
        [],
        () => g.iota(shape, axis),
        (index) => index[axis]!,
      );
      expectElements(
        [],
        () => g.constant(2.5, 'f32', shape),
        () => 2.5,
      );
    });
  });

  it('randomBits are 24-bit words of (seed, stream, flat index)', () => {
    check(fc.tuple(shapes(), fc.integer(), fc.integer({ min: 0, max: 2 ** 31 - 1 })), ([shape, seed, stream]) => {
      const strides = g.stridesOf(shape);
      expectElements(
        [{ dtype: 'i32', shape: [], data: [seed] }],
        (word) => g.randomBits(word, shape, stream),
        (index) =>
          g.randomWord(
            seed,
            stream,
            index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0),
          ),
      );
    });
  });
});

describe('special values', () => {
  const valueOf = (output: g.Tensor, inputs: g.NumbersByName = {}): number[] => [
    ...g.evaluate(g.traceGraph({ y: output }), inputs).get('y')!.data,
  ];
  const vector = (...numbers: number[]): g.Tensor => g.constant(numbers, 'f32', [numbers.length]);

  it('NaN passes through extrema and arithmetic, and compares as false', () => {
    const x = vector(Number.NaN, 1);
    expect(valueOf(g.reduceMax(x))).toEqual([Number.NaN]);
    expect(valueOf(g.maximum(x, 5))).toEqual([Number.NaN, 5]);
    expect(valueOf(g.equal(x, x))).toEqual([0, 1]);
    expect(valueOf(g.matmul(g.reshape(x, [1, 2]), g.constant(0, 'f32', [2, 1])))).toEqual([Number.NaN]);
  });

  it('casts drop fractions toward zero and make NaN true', () => {
    expect(valueOf(g.cast(vector(-1.7, 1.7), 'i32'))).toEqual([-1, 1]);
    expect(valueOf(g.cast(vector(0, 0.2, Number.NaN), 'bool'))).toEqual([0, 1, 1]);
  });

  it('16-bit floats round after every operation', () => {
    const x = g.cast(vector(1, 1), 'bf16');
    expect(valueOf(g.add(x, g.constant(2 ** -8, 'bf16')))).toEqual([1, 1]); // 1 + 2⁻⁸ is halfway: to even
    expect(valueOf(g.add(x, g.constant(3 * 2 ** -9, 'bf16')))).toEqual([1 + 2 ** -7, 1 + 2 ** -7]);
  });
});

describe('wrong inputs', () => {
  const x = g.input('x', 'f32', [2]);
  const graph = g.traceGraph({ y: g.add(x, g.input('bias', 'f32', [])) });

  it('are all listed at once', () => {
    expect(() => g.evaluate(graph, { x: [1, 2, 3], other: [1] })).toThrow(
      'input "x" has 3 elements, not those of f32[2]; input "bias" is missing; there is no input "other"',
    );
  });

  it('an index outside the table is named with the place in the model', () => {
    const lookup = g.scope('embedding', () => g.gather(g.constant(0, 'f32', [4, 2]), g.input('tokens', 'i32', [2])));
    expect(() => g.evaluate(g.traceGraph({ lookup }), { tokens: [1, -1] })).toThrow(
      'gather in embedding: index -1 (element 1 of the indices) is outside 0…3',
    );
  });
});
