import type { DType, NativeCompositeName, PrimitiveName } from '@tether/graph';
import { EXACT, type Allowance } from './compare.ts';

export type TestedOperation = PrimitiveName | NativeCompositeName;

/** Unit roundoff: half the distance from 1 to the next number. */
const UNIT_ROUNDOFF: Readonly<Record<DType, number>> = {
  f32: 2 ** -24,
  bf16: 2 ** -8,
  f16: 2 ** -11,
  i32: 0,
  bool: 0,
};

/** A class of tolerances: errors in units of roundoff, and why so many. */
export interface ToleranceClass {
  readonly units: number;
  readonly floor: number;
  readonly reason: string;
}

export const TOLERANCE_CLASSES = {
  exact: { units: 0, floor: 0, reason: 'moves, compares or counts: nothing is rounded' },
  rounded: {
    units: 2,
    floor: 2 ** -120,
    reason:
      'one operation that IEEE 754 rounds correctly; a second unit for engines that divide by multiplying with the reciprocal; results in the subnormal range may be flushed to 0',
  },
  approximated: {
    units: 64,
    floor: 2 ** -6,
    reason:
      'vectorized polynomials for tanh, erf, sin and their kin are good to some units in the last place of their intermediate results, which are of order 1',
  },
  scaled: {
    units: 64,
    floor: 2 ** -120,
    reason:
      'polynomials that are scaled by a power of two afterwards: good to some units even where the result is small',
  },
  accumulated: {
    units: 64,
    floor: 16,
    reason: 'sums of up to some dozens of products of numbers below 2: each addition rounds at the size of the sum',
  },
  composed: {
    units: 128,
    floor: 1,
    reason: 'several rounded and approximated operations in a row, at numbers of order 1',
  },
} as const satisfies Readonly<Record<string, ToleranceClass>>;

/** In place of `rounded` for engines that have the processor take subnormal numbers for 0: two units of the floor are 2⁻¹²⁶. */
export const FLUSHES_SUBNORMALS: ToleranceClass = {
  ...TOLERANCE_CLASSES.rounded,
  floor: 2 ** -103,
  reason: 'the engine has the processor flush results below the smallest normal number to 0',
};

export type ToleranceName = keyof typeof TOLERANCE_CLASSES;

/** Which class each operation belongs to. */
export const OPERATION_TOLERANCES: Readonly<Record<TestedOperation, ToleranceName>> = {
  constant: 'exact',
  iota: 'exact',
  randomBits: 'exact',
  barrier: 'exact',
  add: 'rounded',
  sub: 'rounded',
  mul: 'rounded',
  div: 'rounded',
  pow: 'scaled',
  maximum: 'exact',
  minimum: 'exact',
  neg: 'exact',
  exp: 'scaled',
  log: 'approximated',
  sqrt: 'rounded',
  tanh: 'approximated',
  sigmoid: 'approximated',
  erf: 'approximated',
  sin: 'approximated',
  cos: 'approximated',
  abs: 'exact',
  sign: 'exact',
  floor: 'exact',
  equal: 'exact',
  less: 'exact',
  lessEqual: 'exact',
  and: 'exact',
  or: 'exact',
  not: 'exact',
  select: 'exact',
  cast: 'exact',
  reduceSum: 'accumulated',
  reduceMax: 'exact',
  argMax: 'exact',
  matmul: 'accumulated',
  reshape: 'exact',
  transpose: 'exact',
  broadcast: 'exact',
  slice: 'exact',
  pad: 'exact',
  concat: 'exact',
  gather: 'exact',
  scatterAdd: 'accumulated',
  softmax: 'composed',
  silu: 'composed',
  gelu: 'composed',
  rmsNorm: 'composed',
  layerNorm: 'composed',
};

export function allowanceFor({ units, floor }: ToleranceClass, dtype: DType): Allowance {
  return units === 0 ? EXACT : { relative: units * UNIT_ROUNDOFF[dtype], floor };
}
