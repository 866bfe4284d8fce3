import { sizeOf } from '@tether/graph';
import type { Engine, Kernel, Value } from '../engines/engine.ts';
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

/** With the last two axes exchanged. */
const flipped = (x: Value, kernel: Kernel): Value => {
  const axes = x.shape.map((_, axis) => axis);
  return kernel('Transpose', { x }, { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] });
};

const withoutFlags = { transposeA: false, transposeB: false };

/** The matrices of a stack. Each slice by a kernel would first copy the whole stack. */
function matrices(x: Value, { upload }: Engine): Value[] {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const data = x.dataSync<'float32'>();
  return Array.from({ length: data.length / (rows * columns) }, (_, index) =>
    upload(data.subarray(index * rows * columns, (index + 1) * rows * columns), [rows, columns], 'float32'),
  );
}

/** Multiplications from which a product is worth some copies. */
const LEAST_WORK = 2 ** 16;

/**
 * WebAssembly's kernel is 20 times as fast on two matrices as they are than on transposed or stacked ones: so those are
 * transposed before, and stacks are multiplied matrix by matrix.
 */
export const wasmMatmul: Lowering<MatmulFlags> = (flags, context) => {
  const { engine, kernel, node, whole } = context;
  const [m, n, k] = [...node.shape.slice(-2), whole(0).shape.at(flags.transposeA ? -2 : -1)!] as [
    number,
    number,
    number,
  ];
  if (m * k * n < LEAST_WORK) return matmul(flags, context);
  const a = flags.transposeA ? flipped(whole(0), kernel) : whole(0);
  const b = flags.transposeB ? flipped(whole(1), kernel) : whole(1);
  const count = sizeOf(node.shape.slice(0, -2));
  if (count === 1) return kernel('BatchMatMul', { a, b }, withoutFlags);
  const [stackA, stackB] = [matrices(a, engine), matrices(b, engine)];
  const products = stackA.map((matrix, index) => {
    const product = kernel('BatchMatMul', { a: matrix, b: stackB[index]! }, withoutFlags);
    return kernel('Reshape', { x: product }, { shape: [1, m, n] });
  });
  return kernel('Reshape', { x: kernel('Concat', products, { axis: 0 }) }, { shape: node.shape });
};
