import { div, maximum, mul, reduceSum, type Tensor } from '@tether/graph';

/** Weights that sum to 1 over the positions that count, [N, P]; all 0 where none does. */
export const weightsOf = (mask: Tensor): Tensor => div(mask, maximum(reduceSum(mask, [1], true), 1));

/** Mean of x [N, P] over the positions that count → [N]. */
export const tokenMean = (x: Tensor, mask: Tensor): Tensor => reduceSum(mul(x, weightsOf(mask)), [1]);
