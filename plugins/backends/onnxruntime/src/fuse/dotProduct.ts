import { sameShape, sizeOf, type Tensor } from '@tether/graph';
import type { ModelBuilder, Value } from '../lower/builder.ts';
import type { LoweringContext } from '../lower/context.ts';
import type { ReduceAttributes } from '../lower/layout.ts';
import { isOnlyUse, type FusionRule } from './rule.ts';

/** Elements from which one dot product is cheaper than a pass of products and one of sums; calling it costs 0.1 µs. */
const LEAST_ELEMENTS = 256;
/** Elements up to which a dot product or a sum keeps its digits: kernels add in f32, in a few sums side by side. */
const MOST_ELEMENTS = 2 ** 13;

/**
 * Σ a·b over the last axes → dot products, so that the elements' products are never written down: gradient norms (a is b),
 * the means in RMSNorm's gradient, the weighted sums in softmax's.
 */
export const dotProduct: FusionRule = (node, usage) => {
  const product = node.inputs[0];
  if (node.operation.name !== 'reduceSum' || !isOnlyUse(product, 'mul', usage)) return undefined;
  const [a, b] = product.inputs as readonly [Tensor, Tensor];
  const { axes } = node.attributes as unknown as ReduceAttributes; // by the operation's name
  const { shape } = product;
  const areLast = axes.every((axis, index) => axis === shape.length - axes.length + index);
  const elements = sizeOf(axes.map((axis) => shape[axis]!));
  if (!areLast || elements < LEAST_ELEMENTS || !sameShape(a.shape, b.shape)) return undefined;
  const parts = partsOf(elements);
  if (elements / parts < LEAST_ELEMENTS) return undefined;
  return { inputs: [a, b], lower: (context) => dotProducts(elements, parts, context) };
};

/** The fewest parts of equal length that `elements` can be cut into such that none is too long. */
function partsOf(elements: number): number {
  let parts = Math.ceil(elements / MOST_ELEMENTS);
  while (elements % parts !== 0) parts++;
  return parts;
}

/** Dot products of the rows of the operands, `elements` long, each added up from `parts` of it. */
function dotProducts(elements: number, parts: number, { builder, node, whole }: LoweringContext): Value {
  const [a, b] = [whole(0), whole(1)];
  const rows = sizeOf(a.shape) / elements;
  const cut = [rows * parts, 1, elements / parts];
  const operands = [builder.reshape(a, cut), builder.reshape(b, cut)];
  const type = { type: a.type, shape: [rows * parts, 1, 1] };
  const products = builder.node('com.microsoft.FusedMatMul', operands, type, { transA: 0, transB: 1 });
  return builder.reshape(sumOfParts(builder, products, rows, parts), node.shape);
}

/** Sums of the rows of `value` [rows·count elements], a few thousand elements at a time. */
function sumOfParts(builder: ModelBuilder, value: Value, rows: number, count: number): Value {
  if (count === 1) return value;
  const parts = partsOf(count);
  const cut = builder.reshape(value, [rows * parts, count / parts]);
  const type = { type: value.type, shape: [rows * parts, 1] };
  const sums = builder.node('ReduceSum', [cut, builder.constant('i64', [1])], type, { keepdims: 1 });
  return sumOfParts(builder, sums, rows, parts);
}
