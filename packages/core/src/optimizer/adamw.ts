import { add, div, mul, sqrt, sub, type Tensor } from '@tether/graph';

export interface AdamWConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Scalars of one optimizer step, computed on the host in float64. */
export interface AdamWScalars {
  readonly learningRate: Tensor;
  /** 1 / (1 − β₁ᵗ) for step t = 1, 2, … */
  readonly correction1: Tensor;
  /** 1 / (1 − β₂ᵗ). */
  readonly correction2: Tensor;
  /** What the gradient is multiplied by first, as clipping asks; 1 when absent. */
  readonly gradientScale?: Tensor;
}

/** 1 / (1 − βᵗ): f32 would lose digits in the subtraction while t is small. */
export const biasCorrection = (beta: number, step: number): number => 1 / (1 - Math.pow(beta, step));

export interface AdamWState {
  readonly parameter: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

/**
 * One AdamW step (Loshchilov & Hutter 2019, algorithm 2, as PyTorch runs it): decay p ← p·(1 − lr·λ), then
 * p ← p − lr·m̂ / (√v̂ + ε). The parameter is read last and once, so that it can be updated in place.
 *
 * Every factor that is the same for all elements is gathered into a scalar, as each pass over the weights costs time: the
 * gradient's share of the first moment, h = (1 − β₁)·g, gives the second moment its (1 − β₂)·g² as well, and √v̂ + ε is
 * √v + ε·√(1 − β₂ᵗ) but for a factor that joins the learning rate.
 */
export function adamw(
  state: AdamWState,
  gradient: Tensor,
  scalars: AdamWScalars,
  constants: AdamWConstants,
): AdamWState {
  const { beta1, beta2, epsilon, weightDecay } = constants;
  const { learningRate, correction1, correction2, gradientScale } = scalars;
  const share = mul(gradient, gradientScale === undefined ? 1 - beta1 : mul(gradientScale, 1 - beta1));
  const firstMoment = add(mul(state.firstMoment, beta1), share);
  const squares = mul(mul(share, share), (1 - beta2) / (1 - beta1) ** 2);
  const secondMoment = add(mul(state.secondMoment, beta2), squares);
  const rootCorrection = sqrt(correction2);
  const rate = div(mul(learningRate, correction1), rootCorrection);
  const direction = mul(div(firstMoment, add(sqrt(secondMoment), div(epsilon, rootCorrection))), rate);
  const decayed = weightDecay === 0 ? state.parameter : mul(state.parameter, sub(1, mul(learningRate, weightDecay)));
  return { parameter: sub(decayed, direction), firstMoment, secondMoment };
}
