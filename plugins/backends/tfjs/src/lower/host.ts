import { input, interpret, numbersOf, type Graph, type Tensor } from '@tether/graph';
import type { Value } from '../engines/engine.ts';
import { layoutOf } from '../tensor.ts';
import type { Lowering, LoweringContext } from './context.ts';

/** The node alone, as a graph over its operands. */
function graphOf(node: Tensor): Graph {
  const operands = node.inputs.map(({ dtype, shape }, index) => input(String(index), dtype, shape));
  const alone = { ...node, inputs: operands };
  return {
    inputs: new Map(operands.map((operand, index) => [String(index), operand])),
    nodes: [alone],
    outputs: new Map([['y', alone]]),
  };
}

/**
 * Computes an operation in JavaScript as the graph package defines it: for the few where an engine has no kernel, or
 * one that gives other numbers.
 */
export const onHost: Lowering = (_, { engine, node, whole }) => {
  const operands = node.inputs.map(
    ({ dtype, shape }, index): [string, { dtype: typeof dtype; shape: typeof shape; data: Float64Array }] => [
      String(index),
      { dtype, shape, data: Float64Array.from(numbersOf(dtype, whole(index).dataSync())) },
    ],
  );
  const { data } = interpret(graphOf(node), new Map(operands)).get('y')!;
  const layout = layoutOf(node.dtype);
  return engine.upload(layout.from(data), node.shape, layout.dtype);
};

/** Computes a function of one number on every element in JavaScript. */
export const mapOnHost =
  (compute: (x: number) => number): Lowering =>
  (_, { engine, inputs }: LoweringContext): Value => {
    const [x] = inputs as readonly [Value];
    return engine.upload(Float32Array.from(x.dataSync(), compute), x.shape, 'float32');
  };
