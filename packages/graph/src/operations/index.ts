import type { AttributesOf } from '../operation.ts';
import * as control from './control.ts';
import * as elementwise from './elementwise.ts';
import * as extrema from './extrema.ts';
import * as indexing from './indexing.ts';
import * as layout from './layout.ts';
import { matmulOperation } from './matmul.ts';
import * as neural from './neural.ts';
import * as slicing from './slicing.ts';
import * as source from './source.ts';

/** What every backend must lower. */
export const primitives = {
  constant: source.constantOperation,
  iota: source.iotaOperation,
  randomBits: source.randomBitsOperation,
  barrier: control.barrierOperation,
  add: elementwise.addOperation,
  sub: elementwise.subOperation,
  mul: elementwise.mulOperation,
  div: elementwise.divOperation,
  pow: elementwise.powOperation,
  maximum: elementwise.maximumOperation,
  minimum: elementwise.minimumOperation,
  neg: elementwise.negOperation,
  exp: elementwise.expOperation,
  log: elementwise.logOperation,
  sqrt: elementwise.sqrtOperation,
  tanh: elementwise.tanhOperation,
  sigmoid: elementwise.sigmoidOperation,
  erf: elementwise.erfOperation,
  sin: elementwise.sinOperation,
  cos: elementwise.cosOperation,
  abs: elementwise.absOperation,
  sign: elementwise.signOperation,
  floor: elementwise.floorOperation,
  equal: elementwise.equalOperation,
  less: elementwise.lessOperation,
  lessEqual: elementwise.lessEqualOperation,
  and: elementwise.andOperation,
  or: elementwise.orOperation,
  not: elementwise.notOperation,
  select: elementwise.selectOperation,
  cast: elementwise.castOperation,
  reduceSum: layout.reduceSumOperation,
  reduceMax: extrema.reduceMaxOperation,
  argMax: extrema.argMaxOperation,
  matmul: matmulOperation,
  reshape: layout.reshapeOperation,
  transpose: layout.transposeOperation,
  broadcast: layout.broadcastOperation,
  slice: slicing.sliceOperation,
  pad: slicing.padOperation,
  concat: slicing.concatOperation,
  gather: indexing.gatherOperation,
  scatterAdd: indexing.scatterAddOperation,
} as const;

/** What a backend may lower as one kernel; elsewhere the `decompose` pass replaces it. */
export const composites = {
  softmax: neural.softmaxOperation,
  silu: neural.siluOperation,
  gelu: neural.geluOperation,
  rmsNorm: neural.rmsNormOperation,
  layerNorm: neural.layerNormOperation,
  stopGradient: control.stopGradientOperation,
  withGradient: control.withGradientOperation,
} as const;

export type PrimitiveName = keyof typeof primitives;
export type CompositeName = keyof typeof composites;
/** Composites that a backend can be given; the others exist only for differentiation. */
export type NativeCompositeName = Exclude<CompositeName, 'stopGradient' | 'withGradient'>;

type Records = typeof primitives & typeof composites;
export type OperationName = keyof Records;
export type AttributesByName<Name extends OperationName> = AttributesOf<Records[Name]>;

/**
 * A backend's table: one function for every primitive, and for the composites it has kernels for. A missing primitive
 * is a compile error.
 *
 * @typeParam Args    what the backend hands to each function besides the attributes
 * @typeParam Result  what each function returns
 */
export type LoweringTable<Args extends readonly unknown[], Result> = {
  readonly [Name in PrimitiveName]: (attributes: AttributesByName<Name>, ...args: Args) => Result;
} & {
  readonly [Name in NativeCompositeName]?: (attributes: AttributesByName<Name>, ...args: Args) => Result;
};
