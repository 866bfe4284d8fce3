import type { Lowering } from './context.ts';

export const softmax: Lowering = (_, { builder, whole }) => {
  const x = whole(0);
  return builder.node('Softmax', [x], x, { axis: -1 });
};

/** QuickGelu is x · σ(αx). */
export const silu: Lowering = (_, { builder, inputs }) =>
  builder.elementwise('com.microsoft.QuickGelu', inputs, undefined, { alpha: { float: 1 } });

export const gelu: Lowering = (_, { builder, inputs }) => builder.elementwise('com.microsoft.Gelu', inputs);

export interface EpsilonAttributes {
  readonly epsilon: number;
}

const normalization =
  (operator: string): Lowering<EpsilonAttributes> =>
  ({ epsilon }, { builder, inputs, whole }) => {
    const operands = inputs.map((_, index) => whole(index));
    return builder.node(operator, operands, operands[0]!, { axis: -1, epsilon: { float: epsilon }, stash_type: 1 });
  };

export const rmsNorm = normalization('SimplifiedLayerNormalization');
export const layerNorm = normalization('LayerNormalization');
