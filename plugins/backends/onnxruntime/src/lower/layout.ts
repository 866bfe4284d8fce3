import { sameShape, sizeOf, type Shape } from '@tether/graph';
import type { Value } from './builder.ts';
import type { Lowering } from './context.ts';

export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Reduction over `axes` by an operator that takes them as its second input. */
export const reduce =
  (operator: string): Lowering<ReduceAttributes> =>
  ({ axes, keepDims }, { builder, node, inputs, whole }) => {
    if (axes.length === 0) return inputs[0]!; // to the operator, no axes would mean all
    return builder.node(
      operator,
      [whole(0), builder.constant('i64', axes)],
      { type: inputs[0]!.type, shape: node.shape },
      { keepdims: keepDims ? 1 : 0 },
    );
  };

/** Elements up to which one pass adds accurately enough. */
const MOST_ADDED_AT_ONCE = 2 ** 12;

/**
 * The runtime adds the elements of a sum one after the other in f32: 28 million of one sign come out 0.2 % too small. So large sums over several axes are taken axis by axis.
 */
export const reduceSum: Lowering<ReduceAttributes> = (attributes, context) => {
  const { builder, node, inputs } = context;
  const { axes } = attributes;
  const { shape } = node.inputs[0]!;
  const isLarge = sizeOf(axes.map((axis) => shape[axis]!)) > MOST_ADDED_AT_ONCE;
  if (axes.length < 2 || !isLarge || inputs[0]!.type !== 'f32') return reduce('ReduceSum')(attributes, context);
  const sum = axes.reduceRight((value, axis) => {
    const kept = value.shape.map((extent, other) => (other === axis ? 1 : extent));
    const type = { type: value.type, shape: kept };
    return builder.node('ReduceSum', [value, builder.constant('i64', [axis])], type, { keepdims: 1 });
  }, context.whole(0));
  return builder.reshape(sum, node.shape);
};

export const argMax: Lowering<{ axis: number }> = ({ axis }, { builder, node, whole }) => {
  const indices = builder.node('ArgMax', [whole(0)], { type: 'i64', shape: node.shape }, { axis, keepdims: 0 });
  return builder.cast(indices, 'i32');
};

export const reshape: Lowering<{ shape: Shape }> = ({ shape }, { builder, inputs, whole }) => {
  const [x] = inputs as readonly [Value];
  if (sizeOf(x.shape) === 1) return builder.reshape(x, []);
  return builder.reshape(whole(0), shape);
};

export const transpose: Lowering<{ permutation: readonly number[] }> = ({ permutation }, context) => {
  const { builder, node } = context;
  const rank = permutation.length;
  const loose = context.inputs[0]!;
  if (sizeOf(loose.shape) === 1) return builder.reshape(loose, []);
  const x = loose.shape.length === rank ? loose : context.whole(0);
  const shape = permutation.map((axis) => x.shape[axis]!);
  // Moving only axes of extent 1 leaves the elements where they are.
  const moved = permutation.filter((axis) => x.shape[axis] !== 1);
  if (moved.every((axis, index) => index === 0 || moved[index - 1]! < axis)) return builder.reshape(x, shape);
  return builder.node(
    'Transpose',
    [x],
    { type: x.type, shape: sameShape(shape, node.shape) ? node.shape : shape },
    {
      perm: permutation,
    },
  );
};

/** Repeating is left to whoever needs it. */
export const broadcast: Lowering = (_, { inputs }) => inputs[0]!;

export const slice: Lowering<{ starts: readonly number[]; limits: readonly number[] }> = (
  { starts, limits },
  { builder, node, whole },
) => {
  const x = whole(0);
  const axes = x.shape.flatMap((extent, axis) => (starts[axis] === 0 && limits[axis] === extent ? [] : [axis]));
  if (axes.length === 0) return x;
  const indices = (values: readonly number[]): Value =>
    builder.constant(
      'i64',
      axes.map((axis) => values[axis]!),
    );
  return builder.node('Slice', [x, indices(starts), indices(limits), builder.constant('i64', axes)], {
    type: x.type,
    shape: node.shape,
  });
};

export const pad: Lowering<{ low: readonly number[]; high: readonly number[]; value: number }> = (
  { low, high, value },
  { builder, node, whole },
) => {
  const x = whole(0);
  if ([...low, ...high].every((count) => count === 0)) return x;
  return builder.node('Pad', [x, builder.constant('i64', [...low, ...high]), builder.scalar(x.type, value)], {
    type: x.type,
    shape: node.shape,
  });
};

export const concat: Lowering<{ axis: number }> = ({ axis }, { builder, node, inputs, whole }) =>
  builder.node(
    'Concat',
    inputs.map((_, index) => whole(index)),
    { type: inputs[0]!.type, shape: node.shape },
    { axis },
  );

/** The first operand itself: no operator is needed, for the runtime merges nothing and runs nodes in the order given. */
export const barrier: Lowering = (_, { inputs }) => inputs[0]!;
