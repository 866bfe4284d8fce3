import { primitives, type LoweringTable } from '../operations/index.ts';
import { randomWord } from '../operations/source.ts';
import { sizeOf, stridesOf, type TensorType } from '../types.ts';
import { cast, elementwise } from './elementwise.ts';
import { gather, scatterAdd } from './indexing.ts';
import { broadcast, concat, pad, reshape, slice, transpose } from './layout.ts';
import { matmul } from './matmul.ts';
import { argMax, reduceMax, reduceSum } from './reduce.ts';
import { allocate, numbersOf, type Numbers, type Value } from './value.ts';

function constant({ data }: { data: ArrayLike<number> }, { dtype, shape }: TensorType): Numbers {
  const numbers = numbersOf(dtype, data);
  return numbers.length === sizeOf(shape) ? numbers : allocate(shape).fill(numbers[0]!);
}

function iota({ axis }: { axis: number }, { shape }: TensorType): Numbers {
  const step = stridesOf(shape)[axis]!;
  return allocate(shape).map((_, at) => Math.floor(at / step) % shape[axis]!);
}

const randomBits = ({ stream }: { stream: number }, { shape }: TensorType, [seed]: readonly Value[]): Numbers =>
  allocate(shape).map((_, counter) => randomWord(seed!.data[0]!, stream, counter));

/** What every primitive means, on whole tensors. Composites are decomposed before. */
export const lowering: LoweringTable<[type: TensorType, inputs: readonly Value[]], Numbers> = {
  constant,
  iota,
  randomBits,
  barrier: reshape,
  add: elementwise(primitives.add),
  sub: elementwise(primitives.sub),
  mul: elementwise(primitives.mul),
  div: elementwise(primitives.div),
  pow: elementwise(primitives.pow),
  maximum: elementwise(primitives.maximum),
  minimum: elementwise(primitives.minimum),
  neg: elementwise(primitives.neg),
  exp: elementwise(primitives.exp),
  log: elementwise(primitives.log),
  sqrt: elementwise(primitives.sqrt),
  tanh: elementwise(primitives.tanh),
  sigmoid: elementwise(primitives.sigmoid),
  erf: elementwise(primitives.erf),
  sin: elementwise(primitives.sin),
  cos: elementwise(primitives.cos),
  abs: elementwise(primitives.abs),
  sign: elementwise(primitives.sign),
  floor: elementwise(primitives.floor),
  equal: elementwise(primitives.equal),
  less: elementwise(primitives.less),
  lessEqual: elementwise(primitives.lessEqual),
  and: elementwise(primitives.and),
  or: elementwise(primitives.or),
  not: elementwise(primitives.not),
  select: elementwise(primitives.select),
  cast,
  reduceSum,
  reduceMax,
  argMax,
  matmul,
  reshape,
  transpose,
  broadcast,
  slice,
  pad,
  concat,
  gather,
  scatterAdd,
};
