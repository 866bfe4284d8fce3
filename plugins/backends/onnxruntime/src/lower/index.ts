import type { LoweringTable } from '@tether/graph';
import type { DeviceProvider } from '../config.ts';
import type { Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';
import * as elementwise from './elementwise.ts';
import * as indexing from './indexing.ts';
import * as layout from './layout.ts';
import { matmul } from './matmul.ts';
import * as neural from './neural.ts';
import * as random from './random.ts';
import * as source from './source.ts';
import { accurateCos, accurateSin } from './trigonometry.ts';

export { ModelBuilder, type Value, type ValueType } from './builder.ts';
export { COMPUTE_TYPE, type Lowering, type LoweringContext } from './context.ts';

const { direct } = elementwise;

/** ONNX nodes of every primitive, and of the composites for which ONNX Runtime has a kernel. */
export const lowerings = {
  constant: source.constant,
  iota: source.iota,
  randomBits: random.randomBits,
  barrier: layout.barrier,
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  div: direct('Div'),
  pow: elementwise.pow,
  maximum: direct('Max'),
  minimum: direct('Min'),
  neg: direct('Neg'),
  exp: direct('Exp'),
  log: direct('Log'),
  sqrt: direct('Sqrt'),
  tanh: direct('Tanh'),
  sigmoid: elementwise.sigmoid,
  erf: direct('Erf'),
  sin: direct('Sin'),
  cos: direct('Cos'),
  abs: direct('Abs'),
  sign: direct('Sign'),
  floor: direct('Floor'),
  equal: direct('Equal', 'bool'),
  less: direct('Less', 'bool'),
  lessEqual: direct('LessOrEqual', 'bool'),
  and: direct('And'),
  or: direct('Or'),
  not: direct('Not'),
  select: elementwise.select,
  cast: elementwise.cast,
  reduceSum: layout.reduceSum,
  reduceMax: layout.reduce('ReduceMax'),
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
  silu: neural.silu,
  gelu: neural.gelu,
  rmsNorm: neural.rmsNorm,
  layerNorm: neural.layerNorm,
} as const satisfies LoweringTable<[LoweringContext], Value>;

/** Lowerings that take the place of those above. */
export type LoweringOverrides = Readonly<Partial<Record<keyof typeof lowerings, Lowering>>>;

/** For providers whose kernels for some operations are too coarse. */
export const OVERRIDES: Readonly<Partial<Record<DeviceProvider, LoweringOverrides>>> = {
  webgpu: { sin: accurateSin, cos: accurateCos, pow: elementwise.wholePow },
};
