import { formatShape, sizeOf, stridesOf, type Shape } from '@tether/graph';
import { roundOnDevice, type Point } from '../point.ts';

/** How far two tensors may be apart: |actual − expected| ≤ relative · max(|expected|, floor). */
export interface Allowance {
  readonly relative: number;
  /** Magnitude below which errors count as absolute: what the terms of a sum are like, for example. */
  readonly floor: number;
}

/** Exactly equal; NaN equals NaN, 0 equals −0. */
export const EXACT: Allowance = { relative: 0, floor: 0 };

function multiIndex(at: number, shape: Shape): string {
  const strides = stridesOf(shape);
  return formatShape(shape.map((extent, axis) => Math.floor(at / strides[axis]!) % extent));
}

function isClose(actual: number, expected: number, { relative, floor }: Allowance): boolean {
  if (Number.isNaN(expected) || !Number.isFinite(expected)) return Object.is(actual, expected);
  return actual === expected || Math.abs(actual - expected) <= relative * Math.max(Math.abs(expected), floor);
}

/**
 * What differs between a backend's tensor and the oracle's, in words; undefined when nothing does. Both are
 * rounded to the type first: what f32 cannot hold is infinite there, also where an engine computes in float64.
 */
export function describeDifference(actual: Point, expected: Point, allowance: Allowance): string | undefined {
  const { dtype, shape } = expected;
  if (actual.dtype !== dtype || formatShape(actual.shape) !== formatShape(shape)) {
    return `is ${actual.dtype}${formatShape(actual.shape)}, not ${dtype}${formatShape(shape)}`;
  }
  if (actual.data.length !== sizeOf(shape)) return `has ${actual.data.length} elements, not ${sizeOf(shape)}`;
  const round = roundOnDevice[dtype];
  const wrong = Array.from(expected.data, round).flatMap((number, at) =>
    isClose(round(actual.data[at]!), number, allowance) ? [] : [{ at, number }],
  );
  const [first] = wrong;
  if (first === undefined) return undefined;
  const place = multiIndex(first.at, shape);
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : '';
  return `at ${place} is ${actual.data[first.at]}, the oracle says ${first.number}${more}`;
}
