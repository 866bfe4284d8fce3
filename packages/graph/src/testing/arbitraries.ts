import fc from 'fast-check';
import { input, sizeOf, uniformNumbers, type GradientPoint, type Shape, type Tensor } from '../index.ts';

/** Ways to make random inputs for the tests of this package. */

export interface ShapeLimits {
  readonly least?: number;
  readonly most?: number;
  readonly extent?: number;
}

/** Shapes of rank `least` to `most` whose extents are 1 to `extent`. */
export const shapes = ({ least = 0, most = 3, extent = 3 }: ShapeLimits = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: extent }), { minLength: least, maxLength: most });

/** A shape that broadcasts to `shape`: leading axes missing, others of extent 1. */
const broadcastable = (shape: Shape): fc.Arbitrary<number[]> =>
  fc
    .tuple(
      fc.integer({ min: 0, max: shape.length }),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    )
    .map(([dropped, ones]) => shape.map((extent, axis) => (ones[axis] ? 1 : extent)).slice(dropped));

/** `count` shapes that broadcast together. */
export const shapesTogether = (count: number, limits?: ShapeLimits): fc.Arbitrary<number[][]> =>
  shapes(limits).chain((shape) => fc.tuple(...Array.from({ length: count }, () => broadcastable(shape))));

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 30 });

/** A permutation of the axes of a tensor of this rank. */
export const permutations = (rank: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray([...Array(rank).keys()], { minLength: rank, maxLength: rank });

/** An f32 input at random numbers of [low, high). */
export const floats = (shape: Shape, seed: number, low = -1, high = 1): GradientPoint => ({
  dtype: 'f32',
  shape,
  data: uniformNumbers(sizeOf(shape), seed, low, high),
});

/** Random integers of [0, limit). */
export const indices = (shape: Shape, seed: number, limit: number): GradientPoint => ({
  dtype: 'i32',
  shape,
  data: uniformNumbers(sizeOf(shape), seed, 0, limit).map(Math.floor),
});

/** Moves numbers away from 0, so that central differences do not straddle a kink there. */
export const awayFromZero = (point: GradientPoint, distance = 0.1): GradientPoint => ({
  ...point,
  data: Array.from(point.data, (x) => (x < 0 ? x - distance : x + distance)),
});

export const inputLike = (name: string, { dtype, shape }: GradientPoint): Tensor => input(name, dtype, shape);
