import { sizeOf, type Shape } from '@tether/graph';
import { list, typeText, type Value } from './builder.ts';
import type { Lowering } from './context.ts';
import { choose, comparison } from './elementwise.ts';

export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

const LOWEST_INTEGER = -(2 ** 31);

/** Sums of 16-bit floats are kept in f32 and rounded once. */
export const reduceSum: Lowering<ReduceAttributes> = ({ axes }, { builder, node, inputs }) => {
  const [x] = inputs as readonly [Value];
  const wide = x.dtype === 'i32' ? x : builder.convert(x, 'f32');
  const sum = builder.reduce('add', wide, axes, 0);
  return builder.reshape(builder.convert(sum, x.dtype), node.shape);
};

export const reduceMax: Lowering<ReduceAttributes> = ({ axes }, { builder, node, inputs }) => {
  const [x] = inputs as readonly [Value];
  const initial = x.dtype === 'i32' ? LOWEST_INTEGER : -Infinity;
  return builder.reshape(builder.reduce('maximum', x, axes, initial), node.shape);
};

/** The first place where the largest element is. */
export const argMax: Lowering<{ axis: number }> = ({ axis }, { builder, inputs }) => {
  const [x] = inputs as readonly [Value];
  const largest = builder.reduce('maximum', x, [axis], x.dtype === 'i32' ? LOWEST_INTEGER : -Infinity);
  const kept = x.shape.map((extent, index) => (index === axis ? 1 : extent));
  const repeated = builder.broadcast(builder.reshape(largest, kept), x.shape);
  const places = builder.iota(x.shape, axis);
  const last = builder.constant([x.shape[axis]! - 1], places);
  const candidates = choose(builder, comparison(builder, 'EQ', x, repeated), places, last);
  return builder.reduce('minimum', candidates, [axis], x.shape[axis]! - 1);
};

export const reshape: Lowering<{ shape: Shape }> = ({ shape }, { builder, inputs }) =>
  builder.reshape(inputs[0]!, shape);

export const transpose: Lowering<{ permutation: readonly number[] }> = ({ permutation }, { builder, node, inputs }) => {
  const [x] = inputs as readonly [Value];
  return builder.emit(
    `stablehlo.transpose ${x.name}, dims = ${list(permutation)} : (${typeText(x)}) -> ${typeText(node)}`,
    node,
  );
};

export const broadcast: Lowering = (_, { builder, node, inputs }) => builder.broadcast(inputs[0]!, node.shape);

export const slice: Lowering<{ starts: readonly number[]; limits: readonly number[] }> = (
  { starts, limits },
  { builder, node, inputs },
) => {
  const [x] = inputs as readonly [Value];
  if (x.shape.length === 0) return x;
  const ranges = starts.map((start, axis) => `${start}:${limits[axis]!}`).join(', ');
  return builder.emit(`stablehlo.slice ${x.name} [${ranges}] : (${typeText(x)}) -> ${typeText(node)}`, node);
};

export const pad: Lowering<{ low: readonly number[]; high: readonly number[]; value: number }> = (
  { low, high, value },
  { builder, node, inputs },
) => {
  const [x] = inputs as readonly [Value];
  if (sizeOf(x.shape) === sizeOf(node.shape)) return x;
  const filler = builder.scalar(x.dtype, value);
  const between = low.map(() => 0);
  return builder.emit(
    `stablehlo.pad ${x.name}, ${filler.name}, low = ${list(low)}, high = ${list(high)}, interior = ${list(between)} : (${typeText(x)}, ${typeText(filler)}) -> ${typeText(node)}`,
    node,
  );
};

export const concat: Lowering<{ axis: number }> = ({ axis }, { builder, node, inputs }) => {
  const names = inputs.map(({ name }) => name).join(', ');
  const types = inputs.map(typeText).join(', ');
  return builder.emit(`stablehlo.concatenate ${names}, dim = ${axis} : (${types}) -> ${typeText(node)}`, node);
};

/** The first operand, which the compiler may not compute from anything earlier than the second. */
export const barrier: Lowering = (_, { builder, node, inputs }) => {
  const [x, after] = inputs as readonly [Value, Value];
  return builder.emitFirst(
    `stablehlo.optimization_barrier ${x.name}, ${after.name} : ${typeText(x)}, ${typeText(after)}`,
    2,
    node,
  );
};
