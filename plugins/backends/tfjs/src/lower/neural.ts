import type { Lowering } from './context.ts';

export const softmax: Lowering = (_, { kernel, whole }) => {
  const logits = whole(0);
  return kernel('Softmax', { logits }, { dim: logits.shape.length - 1 });
};
