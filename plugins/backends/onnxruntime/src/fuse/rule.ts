import type { Tensor } from '@tether/graph';
import type { Value } from '../lower/builder.ts';
import type { LoweringContext } from '../lower/context.ts';

/** A node lowered together with some of the nodes it is computed from. */
export interface Fused {
  /** What it is computed from instead of the node's own inputs. */
  readonly inputs: readonly Tensor[];
  readonly lower: (context: LoweringContext) => Value;
}

export interface Usage {
  /** How many operands and outputs of the graph a tensor is. */
  usesOf(tensor: Tensor): number;
}

/** Gives the fused form of a node, or undefined where the rule does not apply. */
export type FusionRule = (node: Tensor, usage: Usage) => Fused | undefined;

export const isOperation = (tensor: Tensor | undefined, name: string): tensor is Tensor =>
  tensor?.operation.name === name;

/** A tensor made by operation `name` that nothing else uses: absorbing it saves its pass over memory. */
export const isOnlyUse = (tensor: Tensor | undefined, name: string, usage: Usage): tensor is Tensor =>
  isOperation(tensor, name) && usage.usesOf(tensor) === 1;

/** The operands of a two-operand node in both orders, for operations whose order does not matter. */
export const eitherOrder = ([a, b]: readonly Tensor[]): readonly (readonly [Tensor, Tensor])[] => [
  [a!, b!],
  [b!, a!],
];
