import { defineOperation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import { isFloat, sameShape, ShapeError } from '../types.ts';

export interface MatmulAttributes {
  /** The last two axes of the first operand are [K, M] instead of [M, K]. */
  readonly transposeA: boolean;
  /** The last two axes of the second operand are [N, K] instead of [K, N]. */
  readonly transposeB: boolean;
}

export const matmulOperation = defineOperation<'matmul', MatmulAttributes>({
  name: 'matmul',
  type: ([a, b], { transposeA, transposeB }) => {
    const rank = a!.shape.length;
    if (a!.dtype !== b!.dtype || !isFloat(a!.dtype)) throw new ShapeError('takes two floats of the same type');
    if (rank < 2 || rank !== b!.shape.length) throw new ShapeError('takes two operands of the same rank, at least 2');
    const batch = a!.shape.slice(0, -2);
    if (!sameShape(batch, b!.shape.slice(0, -2))) throw new ShapeError('leading (batch) axes differ');
    const [m, ka] = transposeA
      ? [a!.shape[rank - 1]!, a!.shape[rank - 2]!]
      : [a!.shape[rank - 2]!, a!.shape[rank - 1]!];
    const [kb, n] = transposeB
      ? [b!.shape[rank - 1]!, b!.shape[rank - 2]!]
      : [b!.shape[rank - 2]!, b!.shape[rank - 1]!];
    if (ka !== kb) throw new ShapeError(`contracts ${ka} with ${kb}`);
    return { dtype: a!.dtype, shape: [...batch, m, n] };
  },
  gradient: ({ inputs, attributes: { transposeA, transposeB }, outputGradient: g }) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const da = transposeA
      ? matmul(b, g, { transposeA: transposeB, transposeB: true })
      : matmul(g, b, { transposeB: !transposeB });
    const db = transposeB
      ? matmul(g, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, g, { transposeA: !transposeA });
    return [da, db];
  },
});

/** Batched matrix product [..., M, K] × [..., K, N] → [..., M, N]; leading axes must be equal. */
export const matmul = (a: Tensor, b: Tensor, options: Partial<MatmulAttributes> = {}): Tensor =>
  apply(matmulOperation, [a, b], { transposeA: false, transposeB: false, ...options });
