import {
  add,
  div,
  maximum,
  mul,
  reduceSum,
  scope,
  sqrt,
  stopGradient,
  sub,
  transpose,
  type Tensor,
} from '@tether/graph';
import { conv1d, linear, lowRank } from '../blocks/index.ts';
import type { InputDropout } from './body.ts';
import type { LayerWeights } from './weights.ts';

/** Names of an adapter's tensors behind the name of the module that they change. */
export const LORA_A = 'lora_A.weight'; // [r, I]
export const LORA_B = 'lora_B.weight'; // [O, r], here with the scale in it
export const LORA_MAGNITUDE = 'lora_magnitude_vector'; // [O], of DoRA

/** How a module stores its weight W: rows for outputs, or for inputs as GPT-2's Conv1D. */
export type WeightLayout = 'output-first' | 'input-first';

/** x [N, I] → [N, O]: the linear module `module`, with its adapter where it has one. */
export function adaptedLinear(
  x: Tensor,
  weights: LayerWeights,
  module: string,
  drop: InputDropout | undefined,
  layout: WeightLayout = 'output-first',
): Tensor {
  const [weight, bias] = [weights[`${module}.weight`]!, weights[`${module}.bias`]];
  const product = (value: Tensor): Tensor =>
    layout === 'output-first' ? linear(value, weight) : conv1d(value, weight);
  const withBias = (value: Tensor): Tensor => (bias === undefined ? value : add(value, bias));
  const [a, b] = [weights[`${module}.${LORA_A}`], weights[`${module}.${LORA_B}`]];
  if (a === undefined || b === undefined) return withBias(product(x));
  const magnitude = weights[`${module}.${LORA_MAGNITUDE}`];
  const dropped = drop?.(x, module);
  const update = scope('lora', () => lowRank(dropped ?? x, a, b));
  if (magnitude === undefined) return add(withBias(product(x)), update);

  const squares = (): Tensor => reduceSum(mul(weight, weight), [layout === 'output-first' ? 1 : 0]);
  const ratio = scope('dora', () => div(magnitude, adaptedNorm(squares(), product(a), a, b))); // [O]
  if (dropped === undefined) return withBias(mul(add(product(x), update), ratio));
  // As PEFT: the base's own result is of the whole input, what the ratio changes of it is of the dropped one.
  const change = mul(product(dropped), sub(ratio, 1));
  return withBias(add(product(x), add(change, mul(update, ratio))));
}

/** Squares of norms below this are taken as this: a module without weights stays without them, instead of becoming NaN. */
const SMALLEST_SQUARE = 1e-30;

/**
 * ‖W + B·A‖ of each output [O], a constant to the gradient (DoRA, Liu et al. 2024, arXiv 2402.09353, §4.3). Neither B·A nor
 * the sum, which have the size of W, are ever made: ‖W + BA‖² = ‖W‖² + B ⊙ (2·W·Aᵀ + B·A·Aᵀ), summed over the rank.
 *
 * @param squares  ‖W‖² of each output, [O]
 * @param across   A·Wᵀ [r, O]
 */
function adaptedNorm(squares: Tensor, across: Tensor, a: Tensor, b: Tensor): Tensor {
  const inner = add(mul(transpose(across, [1, 0]), 2), linear(b, linear(a, a))); // [O, r]; A·Aᵀ is symmetric
  return stopGradient(sqrt(maximum(add(squares, reduceSum(mul(b, inner), [1])), SMALLEST_SQUARE)));
}
