import {
  add,
  cast,
  grad,
  maximum,
  mul,
  randomBits,
  reduceSum,
  reshape,
  sqrt,
  stopGradient,
  sub,
  type Tensor,
} from '@tether/graph';

const WORDS = 2 ** 24; // values of `randomBits`

/** Random points between the states of two sets of sequences, one share per sequence: [N, L, H]. */
export function between(real: Tensor, policy: Tensor, seed: Tensor, stream: number): Tensor {
  const share = mul(cast(randomBits(seed, [real.shape[0]!], stream), 'f32'), 1 / WORDS); // [0, 1)
  return stopGradient(add(policy, mul(sub(real, policy), reshape(share, [real.shape[0]!, 1, 1]))));
}

/**
 * (‖∇D(x)‖ − 1)² per sequence, [N] (Gulrajani et al. 2017, eq. 3), at fixed latents x [N, L, H]. The slope is a gradient in
 * the graph itself, so that the discriminator's own gradient is one of second order.
 */
export function slopePenalty(scoresAt: (latents: Tensor) => Tensor, latents: Tensor): Tensor {
  const slope = grad(reduceSum(scoresAt(latents)), [latents])[0]!;
  const length = sqrt(maximum(reduceSum(mul(slope, slope), [1, 2]), 1e-12)); // √ has no slope at 0
  const excess = sub(length, 1);
  return mul(excess, excess);
}
