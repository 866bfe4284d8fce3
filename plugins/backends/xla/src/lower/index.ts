import type { LoweringTable } from '@tether/graph';
import type { Value } from './builder.ts';
import type { LoweringContext } from './context.ts';
import * as elementwise from './elementwise.ts';
import * as indexing from './indexing.ts';
import * as layout from './layout.ts';
import { matmul } from './matmul.ts';
import * as source from './source.ts';

export { ProgramBuilder, typeText, type Bound, type Value } from './builder.ts';
export type { Compute, Lowering, LoweringContext } from './context.ts';

const { compare, direct } = elementwise;

/** StableHLO of every primitive. Composites stay decomposed: XLA fuses what belongs together. */
export const lowerings = {
  constant: source.constant,
  iota: source.iota,
  randomBits: source.randomBits,
  barrier: layout.barrier,
  add: direct('add'),
  sub: direct('subtract'),
  mul: direct('multiply'),
  div: direct('divide'),
  pow: direct('power'),
  maximum: direct('maximum'),
  minimum: direct('minimum'),
  neg: direct('negate'),
  exp: direct('exponential'),
  log: direct('log'),
  sqrt: direct('sqrt'),
  tanh: direct('tanh'),
  sigmoid: direct('logistic'),
  erf: elementwise.erf,
  sin: direct('sine'),
  cos: direct('cosine'),
  abs: direct('abs'),
  sign: direct('sign'),
  floor: direct('floor'),
  equal: compare('EQ'),
  less: compare('LT'),
  lessEqual: compare('LE'),
  and: direct('and'),
  or: direct('or'),
  not: direct('not'),
  select: elementwise.select,
  cast: elementwise.cast,
  reduceSum: layout.reduceSum,
  reduceMax: layout.reduceMax,
  argMax: layout.argMax,
  matmul,
  reshape: layout.reshape,
  transpose: layout.transpose,
  broadcast: layout.broadcast,
  slice: layout.slice,
  pad: layout.pad,
  concat: layout.concat,
  gather: indexing.gather,
  scatterAdd: indexing.scatterAdd,
} as const satisfies LoweringTable<[LoweringContext], Value>;
