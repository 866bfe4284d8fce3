import type { Shape } from '@tether/graph';
import fc from 'fast-check';

/** Rank `least` to `most`, extents 1 to `extent`. */
export interface ShapeLimits {
  readonly least?: number;
  readonly most?: number;
  readonly extent?: number;
}

export const shapes = ({ least = 0, most = 4, extent = 4 }: ShapeLimits = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: extent }), { minLength: least, maxLength: most });

/** A shape that broadcasts to `shape`: leading axes missing, others of extent 1. */
const broadcastable = (shape: Shape): fc.Arbitrary<number[]> =>
  fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([dropped, ones]) => shape.map((extent, axis) => (ones[axis] ? 1 : extent)).slice(dropped));

/** `count` shapes that broadcast together. */
export const shapesTogether = (count: number, limits?: ShapeLimits): fc.Arbitrary<number[][]> =>
  shapes(limits).chain((shape) => fc.tuple(...Array.from({ length: count }, () => broadcastable(shape))));

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 30 });

export const permutations = (rank: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray([...Array(rank).keys()], { minLength: rank, maxLength: rank });
