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
 */
export function adamw(
  state: AdamWState,
  gradient: Tensor,
  scalars: AdamWScalars,
  constants: AdamWConstants,
): AdamWState {
  const { beta1, beta2, epsilon, weightDecay } = constants;
  const firstMoment = add(mul(state.firstMoment, beta1), mul(gradient, 1 - beta1));
  const secondMoment = add(mul(state.secondMoment, beta2), mul(mul(gradient, gradient), 1 - beta2));
  const denominator = add(sqrt(mul(secondMoment, scalars.correction2)), epsilon);
  const direction = mul(div(firstMoment, denominator), mul(scalars.learningRate, scalars.correction1));
  const decayed =
    weightDecay === 0 ? state.parameter : mul(state.parameter, sub(1, mul(scalars.learningRate, weightDecay)));
  return { parameter: sub(decayed, direction), firstMoment, secondMoment };
}
