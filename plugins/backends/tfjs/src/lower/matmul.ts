import type { Lowering } from './context.ts';

export interface MatmulFlags {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Transposed operands stay where they are: the kernels read them the other way round. */
export const matmul: Lowering<MatmulFlags> = ({ transposeA, transposeB }, { kernel, whole }) =>
  kernel('BatchMatMul', { a: whole(0), b: whole(1) }, { transposeA, transposeB });

/** TensorFlow's product of two matrices is a little faster than its batched one. */
export const nativeMatmul: Lowering<MatmulFlags> = (flags, context) => {
  const { engine, node, whole } = context;
  if (engine.native === undefined || node.shape.length !== 2) return matmul(flags, context);
  return engine.native(
    'MatMul',
    [whole(0), whole(1)],
    [
      { name: 'T', value: 'float32' },
      { name: 'transpose_a', value: flags.transposeA },
      { name: 'transpose_b', value: flags.transposeB },
    ],
  );
};
