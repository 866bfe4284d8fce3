import { splatValue, type Tensor } from '@tether/graph';
import { scaledMatmul, type MatmulFlags } from '../lower/matmul.ts';
import { eitherOrder, isOnlyUse, type FusionRule } from './rule.ts';

const flagsOf = (matmul: Tensor): MatmulFlags => matmul.attributes as unknown as MatmulFlags; // by `matmulOperation`

/** (a × b) · number → the multiplier of the matrix product. */
export const scaleMatmul: FusionRule = (node, usage) => {
  if (node.operation.name !== 'mul') return undefined;
  for (const [product, factor] of eitherOrder(node.inputs)) {
    const alpha = splatValue(factor);
    if (alpha === undefined || !isOnlyUse(product, 'matmul', usage)) continue;
    const flags = flagsOf(product);
    return {
      inputs: product.inputs,
      lower: ({ builder, whole }) => scaledMatmul(builder, product.shape, whole(0), whole(1), flags, alpha),
    };
  }
  return undefined;
};
