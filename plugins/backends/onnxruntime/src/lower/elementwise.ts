import { sizeOf, splatValue } from '@tether/graph';
import type { NodeAttributes } from '../onnx/model.ts';
import type { ElementType } from '../onnx/schema.ts';
import type { Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';

/** One ONNX operator that broadcasts as the graph's operation does. */
export const direct =
  (operator: string, type?: ElementType, attributes?: NodeAttributes): Lowering =>
  (_, { builder, inputs }) =>
    builder.elementwise(operator, inputs, type, attributes);

export const cast: Lowering<{ dtype: 'f32' | 'bf16' | 'f16' | 'i32' | 'bool' }> = ({ dtype }, { builder, inputs }) =>
  builder.cast(inputs[0]!, dtype);

/** Exponents that have kernels of their own, much faster than the general one. */
const POWERS: Readonly<Record<number, (x: Value, { builder }: LoweringContext) => Value>> = {
  [-1]: (x, { builder }) => builder.elementwise('Reciprocal', [x]),
  [-0.5]: (x, { builder }) => builder.elementwise('Reciprocal', [builder.elementwise('Sqrt', [x])]),
  0.5: (x, { builder }) => builder.elementwise('Sqrt', [x]),
  2: (x, { builder }) => builder.elementwise('Mul', [x, x]),
};

const power =
  (operands: (context: LoweringContext) => readonly Value[]): Lowering =>
  (_, context) => {
    const constant = exponentOf(context);
    const special = constant === undefined ? undefined : POWERS[constant];
    return special?.(context.inputs[0]!, context) ?? context.builder.elementwise('Pow', operands(context));
  };

export const pow: Lowering = power(({ inputs }) => inputs);

/** WebGPU's kernel fails where an operand is repeated along the last axis (ONNX Runtime 1.30). */
export const wholePow: Lowering = power(({ inputs, node, builder }) =>
  inputs.map((operand) => builder.expand(operand, node.shape)),
);

const exponentOf = ({ node }: LoweringContext): number | undefined => splatValue(node.inputs[1]!);

export const select: Lowering = (_, { builder, inputs }) => {
  const [condition, a, b] = inputs as readonly [Value, Value, Value];
  if (a.type !== 'bool') return builder.elementwise('Where', inputs, a.type);
  const otherwise = builder.elementwise('And', [builder.elementwise('Not', [condition]), b]);
  return builder.elementwise('Or', [builder.elementwise('And', [condition, a]), otherwise]); // there is no Where of booleans
};

/** Elements up to which accuracy is worth four passes over memory. */
const MOST_EXACT_SIGMOIDS = 2 ** 14;

/**
 * The runtime's sigmoid is good to 2⁻²³ of 1, not of itself. That serves activations; gradients of losses, which may be
 * tiny everywhere and are then scaled up by AdamW, get 1 / (1 + exp(−x)).
 */
export const sigmoid: Lowering = (_, { builder, inputs }) => {
  const [x] = inputs as readonly [Value];
  if (sizeOf(x.shape) > MOST_EXACT_SIGMOIDS) return builder.elementwise('Sigmoid', [x]);
  const decay = builder.elementwise('Exp', [builder.elementwise('Neg', [x])]);
  return builder.elementwise('Reciprocal', [builder.elementwise('Add', [decay, builder.scalar('f32', 1)])]);
};
