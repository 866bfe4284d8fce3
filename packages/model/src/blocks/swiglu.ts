import { mul, silu, type Tensor } from '@tether/graph';
import type { Projection } from './linear.ts';

/** down(silu(gate(x)) ⊙ up(x)): x [..., H] → [..., F] → [..., H] (Shazeer 2020, arXiv 2002.05202). */
export const swiglu = (x: Tensor, gate: Projection, up: Projection, down: Projection): Tensor =>
  down(mul(silu(gate(x)), up(x)));
