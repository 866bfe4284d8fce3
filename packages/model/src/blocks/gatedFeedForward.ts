import { mul, type Tensor } from '@tether/graph';
import type { Projection } from './linear.ts';

/** down(activation(gate(x)) ⊙ up(x)): x [..., H] → [..., F] → [..., H]; SwiGLU with SiLU (Shazeer 2020, arXiv 2002.05202). */
export const gatedFeedForward = (
  x: Tensor,
  activation: (x: Tensor) => Tensor,
  [gate, up, down]: readonly [gate: Projection, up: Projection, down: Projection],
): Tensor => down(mul(activation(gate(x)), up(x)));
