export * from './types.ts';
export { captureSources, inScope, scope, type Tensor } from './tensor.ts';
export type { AttributesOf, GradientContext, Operation } from './operation.ts';
export {
  composites,
  primitives,
  type AttributesByName,
  type CompositeName,
  type LoweringTable,
  type NativeCompositeName,
  type OperationName,
  type PrimitiveName,
} from './operations/index.ts';
export { barrier, stopGradient, withGradient, type Pullback } from './operations/control.ts';
export {
  abs,
  add,
  and,
  cast,
  cos,
  div,
  equal,
  erf,
  erfOf,
  exp,
  floor,
  greater,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  not,
  or,
  pow,
  select,
  sigmoid,
  sign,
  sin,
  sqrt,
  sub,
  tanh,
  type Operand,
} from './operations/elementwise.ts';
export { argMax, reduceMax } from './operations/extrema.ts';
export { gather, scatterAdd } from './operations/indexing.ts';
export { broadcast, reduceSum, reshape, sumToShape, transpose } from './operations/layout.ts';
export { matmul } from './operations/matmul.ts';
export { gelu, layerNorm, rmsNorm, silu, softmax } from './operations/neural.ts';
export { concat, pad, slice, sliceAxis } from './operations/slicing.ts';
export { constant, input, iota, mixWord, randomBits, randomWord, splatValue } from './operations/source.ts';
export { grad, vectorJacobian } from './grad.ts';
export { describeSignature, inputName, isInput, traceGraph, typeOf, type Graph } from './graph.ts';
export {
  decompose,
  mergeCommonSubexpressions,
  optimize,
  rewriteGraph,
  simplify,
  type Rewrite,
} from './passes/index.ts';
export { formatAttribute, printGraph } from './print.ts';
export { GraphError, verify } from './verify.ts';
export * from './composites/index.ts';
export {
  bfloat16Bits,
  bfloat16FromBits,
  float16Bits,
  float16FromBits,
  represent,
  roundToBfloat16,
  roundToFloat16,
} from './numbers.ts';
export {
  checkGradients,
  evaluate,
  interpret,
  numbersOf,
  uniformNumbers,
  type GradientCheckOptions,
  type GradientMismatch,
  type GradientPoint,
  type Numbers,
  type NumbersByName,
  type Value,
} from './interpreter/index.ts';
