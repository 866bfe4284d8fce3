import { add, exp, logSigmoid, minimum, mul, neg, sub, type Tensor } from '@tether/graph';

export const F_DIVERGENCES = ['reverse_kl', 'forward_kl', 'js_divergence', 'alpha_divergence'] as const;
export type FDivergence = (typeof F_DIVERGENCES)[number];

/** exp of more would overflow in float32, and 0 times infinity is no gradient. */
const LARGEST_EXPONENT = 80;

const boundedExp = (x: Tensor): Tensor => exp(minimum(x, LARGEST_EXPONENT));

/** α closer to 1 than this is the limit, the reverse KL. */
const NEAR_ONE = 1e-6;

/**
 * f′(t) of each divergence at t = π/π_ref, from log t (Wang et al. 2023, table 1). The alpha divergence's is
 * (t^(α−1) − 1)/(α − 1).
 */
const DERIVATIVES: Readonly<Record<FDivergence, (logRatio: Tensor, alpha: number) => Tensor>> = {
  reverse_kl: (logRatio) => logRatio,
  forward_kl: (logRatio) => sub(1, boundedExp(neg(logRatio))),
  js_divergence: (logRatio) => add(logSigmoid(logRatio), Math.LN2),
  alpha_divergence: (logRatio, alpha) =>
    Math.abs(alpha - 1) < NEAR_ONE ? logRatio : mul(sub(boundedExp(mul(logRatio, alpha - 1)), 1), 1 / (alpha - 1)),
};

/** The score of a completion whose log-ratio is Δ: what takes the place of Δ in DPO. */
export const score = (logRatio: Tensor, divergence: FDivergence, alpha: number): Tensor =>
  DERIVATIVES[divergence](logRatio, alpha);
