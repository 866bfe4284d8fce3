import type { Tensor } from '@tether/graph';
import type { ElementType } from '../onnx/schema.ts';
import type { ModelBuilder, Value } from './builder.ts';

/** What a lowering function gets besides the operation's attributes. */
export interface LoweringContext {
  /** Type and shape of the result. */
  readonly node: Tensor;
  readonly builder: ModelBuilder;
  /** The operands; elements that broadcasting would repeat may still be missing. 16-bit floats come as f32. */
  readonly inputs: readonly Value[];
  /** Operand `index` with every element present. */
  whole(index: number): Value;
}

/** Appends the operation's nodes and gives its result, which may be smaller than the node wherever it broadcasts to it. */
export type Lowering<Attributes = unknown> = (attributes: Attributes, context: LoweringContext) => Value;

/** ONNX type in which results of a graph type are computed: the CPU provider has no arithmetic on 16-bit floats. */
export const COMPUTE_TYPE = { f32: 'f32', bf16: 'f32', f16: 'f32', i32: 'i32', bool: 'bool' } as const satisfies Record<
  Tensor['dtype'],
  ElementType
>;
