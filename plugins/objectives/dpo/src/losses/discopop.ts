import { add, exp, logSigmoid, mul, neg, sigmoid, sub } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/** DiscoPOP (Lu et al. 2024, eq. 5): (1 − m)·(−log σ(x)) + m·e^(−x), with x = β·(s⁺ − s⁻) and m = σ(x/τ). */
export const discopopLoss: PairLoss = ({ scores, mean }, { beta, discopop_tau: tau }) => {
  const logit = mul(sub(scores.chosen, scores.rejected), beta);
  const modulation = sigmoid(mul(logit, 1 / tau));
  const logistic = mul(neg(logSigmoid(logit)), sub(1, modulation));
  return mean(add(logistic, mul(exp(neg(logit)), modulation)));
};
