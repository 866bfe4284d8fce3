import { div, maximum, mul, reduceSum, sub, type Tensor } from '@tether/graph';
import type { L2Config } from '../config.ts';
import type { Sequences } from '../sequences.ts';
import { tokenMean } from './masked.ts';

/** Σ x² over the hidden units, [N, P, H] → [N, P]. */
const squaredLength = (x: Tensor): Tensor => reduceSum(mul(x, x), [2]);

const SCALES: Readonly<Record<L2Config['scale'], (squares: Tensor, reference: Tensor) => Tensor>> = {
  mean: (squares, reference) => mul(squares, 1 / reference.shape[2]!),
  sum: (squares) => squares,
  relative: (squares, reference) => div(squares, maximum(squaredLength(reference), 1e-12)),
};

/** Mean over positions of ‖h − h_ref‖², [N]. */
export const l2Distance = ({ policy, reference, mask }: Sequences, { scale }: L2Config): Tensor =>
  tokenMean(SCALES[scale](squaredLength(sub(policy, reference)), reference), mask);
