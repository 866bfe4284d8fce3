import type { Tensor } from './tensor.ts';
import type { TensorType } from './types.ts';

/** What an operation may carry besides tensors. Functions appear only in `withGradient`, which no backend sees. */
export type AttributeValue =
  number | string | boolean | readonly number[] | ArrayLike<number> | ((...args: never[]) => unknown);
export type Attributes = { readonly [name: string]: AttributeValue };
export type NoAttributes = Readonly<Record<string, never>>;

export interface GradientContext<A> {
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly output: Tensor;
  /** Gradient of the final scalar with respect to `output`; same type as `output`. */
  readonly outputGradient: Tensor;
}

/** Gradients with respect to each input; `undefined` where none flows. */
export type GradientRule<A> = (context: GradientContext<A>) => readonly (Tensor | undefined)[];

/**
 * Everything that the framework knows about an operation, in one record.
 *
 * A primitive has no `decompose` and every backend must lower it. An operation with `decompose` may be lowered
 * natively by a backend; elsewhere the `decompose` pass replaces it.
 */
export interface Operation<Name extends string = string, A = Attributes> {
  readonly name: Name;
  /** Type of the result; throws ShapeError for inputs that do not fit. */
  readonly type: (inputs: readonly TensorType[], attributes: A) => TensorType;
  /** 'none' for results that are not differentiable (integers, booleans, constants). */
  readonly gradient: GradientRule<A> | 'none';
  readonly decompose?: (inputs: readonly Tensor[], attributes: A) => Tensor;
  /** Meaning on single numbers, for elementwise operations: constant folding and the reference backend use it. */
  readonly scalar?: (...values: number[]) => number;
  /** The same on i32 where wrapping the result of `scalar` is not exact: products beyond 2⁵³. */
  readonly integerScalar?: (...values: number[]) => number;
}

/** Gives a record its precise type. */
export const defineOperation = <const Name extends string, A = NoAttributes>(
  operation: Operation<Name, A>,
): Operation<Name, A> => operation;

export type AttributesOf<O> = O extends Operation<string, infer A> ? A : never;
