import { vectorJacobian } from '../grad.ts';
import { barrier, stopGradient, withGradient } from '../operations/control.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Rematerialization (Chen et al. 2016): `compute(inputs)` whose intermediate values are not kept for the backward pass
 * but computed again from `inputs` when the gradient arrives. Gradients flow only to `inputs`.
 */
export function checkpoint(inputs: readonly Tensor[], compute: (inputs: readonly Tensor[]) => Tensor): Tensor {
  const output = compute(inputs.map(stopGradient));
  return withGradient(output, inputs, (outputGradient) => {
    const again = inputs.map((tensor) => barrier(tensor, outputGradient));
    return vectorJacobian(compute(again), again, outputGradient);
  });
}
