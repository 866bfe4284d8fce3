import type { LoweringTable, PrimitiveName } from '@tether/graph';
import type { EngineName } from '../config.ts';
import type { Value } from '../engines/engine.ts';
import type { Lowering, LoweringContext } from './context.ts';
import * as elementwise from './elementwise.ts';
import { erfFast } from './erf.ts';
import { mapOnHost, onHost } from './host.ts';
import * as indexing from './indexing.ts';
import * as layout from './layout.ts';
import { matmul, nativeMatmul, wasmMatmul } from './matmul.ts';
import * as neural from './neural.ts';
import * as source from './source.ts';

export { expand, type Lowering, type LoweringContext } from './context.ts';

const { binary, unary } = elementwise;

/** Kernels of every primitive, and of the composites for which every engine has one. */
export const lowerings = {
  constant: source.constant,
  iota: source.iota,
  randomBits: source.randomBits,
  barrier: layout.barrier,
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Multiply'),
  div: binary('RealDiv'),
  pow: elementwise.pow,
  maximum: binary('Maximum'),
  minimum: binary('Minimum'),
  neg: unary('Neg'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  tanh: unary('Tanh'),
  sigmoid: unary('Sigmoid'),
  erf: unary('Erf'),
  sin: unary('Sin'),
  cos: unary('Cos'),
  abs: unary('Abs'),
  sign: unary('Sign'),
  floor: unary('Floor'),
  equal: binary('Equal'),
  less: binary('Less'),
  lessEqual: binary('LessEqual'),
  and: binary('LogicalAnd'),
  or: binary('LogicalOr'),
  not: unary('LogicalNot'),
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
  softmax: neural.softmax,
} as const satisfies LoweringTable<[LoweringContext], Value>;

type Overrides = { readonly [Name in PrimitiveName]?: Lowering<never> };

/** JavaScript multiplies as floats, which cannot hold all digits of a product of integers. */
function integersOnHost(floats: Lowering): Lowering {
  return (attributes, context) => (context.node.dtype === 'i32' ? onHost : floats)(attributes, context);
}

const NATIVE: Overrides = { matmul: nativeMatmul };

/** Where an engine's kernel is missing, slower than need be, or gives other numbers. */
const OVERRIDES: Readonly<Record<EngineName, Overrides>> = {
  'node-gpu': NATIVE,
  node: NATIVE,
  wasm: {
    matmul: wasmMatmul,
    erf: mapOnHost(erfFast),
    sin: mapOnHost(Math.sin), // the kernels lose digits near multiples of π
    cos: mapOnHost(Math.cos),
    sign: mapOnHost(Math.sign), // 0 for small numbers
    maximum: onHost, // NaN gets lost
    minimum: onHost,
    select: elementwise.selectOfWords,
  },
  cpu: { erf: mapOnHost(erfFast), mul: integersOnHost(binary('Multiply')) },
};

/** What computes an operation on an engine. Each function gets its own operation's attributes. */
export function loweringOf(engine: EngineName, operation: string): Lowering {
  const table = { ...lowerings, ...OVERRIDES[engine] } as unknown as Readonly<Record<string, Lowering>>;
  const lowering = table[operation];
  if (lowering === undefined) throw new Error(`operation ${operation} has no TensorFlow.js lowering`);
  return lowering;
}
