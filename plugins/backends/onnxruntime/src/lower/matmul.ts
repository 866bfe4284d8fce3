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

/** Extent from which a matrix is worth a pass over it. */
const LEAST_EXTENT = 128;
/** Elements up to which a transposed copy still comes from the processor's cache. */
const MOST_CACHED = 2 ** 22;

const paysToTranspose = (a: Value, b: Value): boolean =>
  a.shape.length === 2 && [...a.shape, ...b.shape].every((extent) => extent >= LEAST_EXTENT);

/**
 * aᵀ × b, the shape of a weight's gradient. The kernel transposes a piece by piece and again for every block of b: up to
 * 15 % of its time. A copy of a costs 2 to 5 % of it; for an a that fits no cache it is cheaper to turn the smaller
 * product bᵀ × a around.
 */
function untransposed(builder: ModelBuilder, shape: Shape, a: Value, b: Value, alpha: number): Value {
  const plain = { transposeA: false, transposeB: false };
  if (sizeOf(a.shape) <= MOST_CACHED) return product(builder, shape, flipped(builder, a), b, plain, alpha);
  const turned = product(builder, shape.toReversed(), flipped(builder, b), a, plain, alpha);
  return flipped(builder, turned);
}

const flipped = (builder: ModelBuilder, matrix: Value): Value =>
  builder.node('Transpose', [matrix], { type: matrix.type, shape: matrix.shape.toReversed() }, { perm: [1, 0] });
