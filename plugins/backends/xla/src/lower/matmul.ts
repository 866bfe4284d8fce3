import { list, typeText, type Value } from './builder.ts';
import type { Lowering } from './context.ts';

export interface MatmulFlags {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * One dot_general: transposes are which axis it contracts. Full f32 precision, for GPUs would otherwise multiply in
 * TF32; 16-bit operands are summed in f32 and rounded once.
 */
export const matmul: Lowering<MatmulFlags> = ({ transposeA, transposeB }, { builder, node, inputs, compute }) => {
  const operands = inputs.map((input) => (input.dtype === 'f32' ? builder.convert(input, compute) : input));
  const [a, b] = operands as [Value, Value];
  const rank = node.shape.length;
  const batch = node.shape.slice(0, -2).map((_, axis) => axis);
  const batching = batch.length === 0 ? '' : `batching_dims = ${list(batch)} x ${list(batch)}, `;
  const contracting = `contracting_dims = [${transposeA ? rank - 2 : rank - 1}] x [${transposeB ? rank - 1 : rank - 2}]`;
  const precision = a.dtype === 'f32' ? ', precision = [HIGHEST, HIGHEST]' : '';
  const type = { dtype: 'f32', shape: node.shape } as const;
  const product = builder.emit(
    `stablehlo.dot_general ${a.name}, ${b.name}, ${batching}${contracting}${precision} : (${typeText(a)}, ${typeText(b)}) -> ${typeText(type)}`,
    type,
  );
  return builder.convert(product, node.dtype);
};
