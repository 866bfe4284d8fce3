import { splatValue, type DType } from '@tether/graph';
import type { ElementType, Value } from '../engines/engine.ts';
import { layoutOf } from '../tensor.ts';
import { expand, type Lowering, type LoweringContext } from './context.ts';

/** One kernel of one operand. */
export const unary =
  (name: string): Lowering =>
  (_, { inputs, kernel }) =>
    kernel(name, { x: inputs[0]! });

/** One kernel of two operands that broadcasts as the graph's operation does. */
export const binary =
  (name: string): Lowering =>
  (_, { inputs, kernel }) =>
    kernel(name, { a: inputs[0]!, b: inputs[1]! });

export const cast: Lowering<{ dtype: DType }> = ({ dtype }, { engine, inputs, kernel }) => {
  const [x] = inputs as readonly [Value];
  if (dtype !== 'bool') return kernel('Cast', { x }, { dtype: layoutOf(dtype).dtype });
  // To the kernel of `wasm`, numbers between 0 and 1 are false.
  const zero =
    x.dtype === 'int32'
      ? engine.upload(Int32Array.of(0), [], 'int32')
      : engine.upload(Float32Array.of(0), [], 'float32');
  return kernel('NotEqual', { a: x, b: zero });
};

/** Exponents that have kernels of their own, much faster than the general one. */
const POWERS: Readonly<Record<number, (x: Value, { kernel }: LoweringContext) => Value>> = {
  [-1]: (x, { kernel }) => kernel('Reciprocal', { x }),
  [-0.5]: (x, { kernel }) => kernel('Reciprocal', { x: kernel('Sqrt', { x }) }),
  0.5: (x, { kernel }) => kernel('Sqrt', { x }),
  2: (x, { kernel }) => kernel('Multiply', { a: x, b: x }),
};

export const pow: Lowering = (_, context) => {
  const [base, exponent] = context.inputs as readonly [Value, Value];
  const constant = splatValue(context.node.inputs[1]!);
  const special = constant === undefined ? undefined : POWERS[constant];
  return special?.(base, context) ?? context.kernel('Pow', { a: base, b: exponent });
};

/** The kernels of `Select` want three operands of the same shape; TensorFlow has an operation that broadcasts. */
export const select: Lowering = (_, context) => {
  const { engine, inputs, kernel } = context;
  const [condition, t, e] = inputs as readonly [Value, Value, Value];
  if (engine.native !== undefined) {
    return engine.native('SelectV2', inputs, [{ name: 'T', value: t.dtype as ElementType }]);
  }
  const { tf } = engine;
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(
    tf.broadcast_util.assertAndGetBroadcastShape(condition.shape, t.shape),
    e.shape,
  );
  return kernel('Select', {
    condition: expand(engine, condition, shape),
    t: expand(engine, t, shape),
    e: expand(engine, e, shape),
  });
};

/** The kernel of `wasm` reads four bytes per element, whatever the type. */
export const selectOfWords: Lowering = (attributes, context) => {
  const { inputs, kernel, node } = context;
  if (node.dtype !== 'bool') return select(attributes, context);
  const [condition, a, b] = inputs as readonly [Value, Value, Value];
  const otherwise = kernel('LogicalAnd', { a: kernel('LogicalNot', { x: condition }), b });
  return kernel('LogicalOr', { a: kernel('LogicalAnd', { a: condition, b: a }), b: otherwise });
};
