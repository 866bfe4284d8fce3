import type { Tensor } from '@tether/graph';
import type { ProgramBuilder, Value } from './builder.ts';

/** Element type in which f32 matrix products are multiplied; sums are always f32. */
export type Compute = 'f32' | 'bf16';

/** What a lowering function gets besides the operation's attributes. */
export interface LoweringContext {
  /** Type and shape of the result. */
  readonly node: Tensor;
  readonly builder: ProgramBuilder;
  readonly inputs: readonly Value[];
  readonly compute: Compute;
}

/** Appends the operation and gives its result. */
export type Lowering<Attributes = unknown> = (attributes: Attributes, context: LoweringContext) => Value;
