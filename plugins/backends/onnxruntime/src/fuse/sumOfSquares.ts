import { isFloat } from '@tether/graph';
import { reduceSumOfSquares, type ReduceAttributes } from '../lower/layout.ts';
import { isOnlyUse, type FusionRule } from './rule.ts';

/** Σ x·x → one pass over x, as gradient norms and the means of RMSNorm's squares ask. */
export const sumOfSquares: FusionRule = (node, usage) => {
  const product = node.inputs[0];
  if (node.operation.name !== 'reduceSum' || !isOnlyUse(product, 'mul', usage)) return undefined;
  const [a, b] = product.inputs;
  if (a !== b || !isFloat(product.dtype)) return undefined;
  const attributes = node.attributes as unknown as ReduceAttributes; // by the operation's name
  if (attributes.axes.length === 0) return undefined;
  return { inputs: [a!], lower: (context) => reduceSumOfSquares(attributes, context) };
};
