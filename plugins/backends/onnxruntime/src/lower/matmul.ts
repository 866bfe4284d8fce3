import { sizeOf, type Shape } from '@tether/graph';
import type { ModelBuilder, Value } from './builder.ts';
import type { Lowering } from './context.ts';

export interface MatmulFlags {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export const matmul: Lowering<MatmulFlags> = (flags, { builder, node, whole }) =>
  scaledMatmul(builder, node.shape, whole(0), whole(1), flags, 1);

/** alpha·(a × b), each transposed in its last two axes as told. */
export function scaledMatmul(
  builder: ModelBuilder,
  shape: Shape,
  a: Value,
  b: Value,
  flags: MatmulFlags,
  alpha: number,
): Value {
  if (flags.transposeA && !flags.transposeB && paysToTranspose(a, b)) return untransposed(builder, shape, a, b, alpha);
  return product(builder, shape, a, b, flags, alpha);
}

/** Transposing inside the operator keeps copies out of memory. */
function product(
  builder: ModelBuilder,
  shape: Shape,
  a: Value,
  b: Value,
  { transposeA, transposeB }: MatmulFlags,
  alpha: number,
): Value {
  const type = { type: a.type, shape };
  if (!transposeA && !transposeB && alpha === 1) return builder.node('MatMul', [a, b], type);
  return builder.node('com.microsoft.FusedMatMul', [a, b], type, {
    transA: transposeA ? 1 : 0,
    transB: transposeB ? 1 : 0,
    alpha: { float: alpha },
  });
}

/** Extent from which a matrix product is long enough for the copies to be nothing beside it. */
const LEAST_EXTENT = 32;

const matrixExtents = ({ shape }: Value): readonly number[] => shape.slice(-2);

/** Columns of b that the kernel works through before it transposes a again. */
const KERNEL_COLUMNS = 128;

const paysToTranspose = (a: Value, b: Value): boolean =>
  [...matrixExtents(a), ...matrixExtents(b)].every((extent) => extent >= LEAST_EXTENT) &&
  b.shape.at(-1)! > KERNEL_COLUMNS;

/**
 * aᵀ × b, the shape of a weight's gradient. The kernel transposes a piece by piece and again for every block of b's
 * columns, which takes 5 to 20 % of its time; where b is one block, as in attention, there is nothing to gain. A copy
 * costs less: of a, or, where that is fewer elements, of b and of the product bᵀ × a, which is then turned around.
 */
function untransposed(builder: ModelBuilder, shape: Shape, a: Value, b: Value, alpha: number): Value {
  const plain = { transposeA: false, transposeB: false };
  if (sizeOf(a.shape) <= sizeOf(b.shape) + sizeOf(shape)) {
    return product(builder, shape, flipped(builder, a), b, plain, alpha);
  }
  return flipped(builder, product(builder, flippedShape(shape), flipped(builder, b), a, plain, alpha));
}

const flippedShape = (shape: Shape): Shape => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];

/** With the last two axes exchanged; a copy serves all products that want it, as the gradients of gate and up do. */
const flipped = (builder: ModelBuilder, matrix: Value): Value =>
  builder.once(`${matrix.name} flipped`, () =>
    builder.node(
      'Transpose',
      [matrix],
      { type: matrix.type, shape: flippedShape(matrix.shape) },
      { perm: flippedShape(matrix.shape.map((_, axis) => axis)) },
    ),
  );
