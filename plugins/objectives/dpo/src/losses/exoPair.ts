import { add, logSigmoid, mul, neg, sigmoid, sub, type Tensor } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/**
 * Efficient exact optimization on pairs (Ji et al. 2024, eq. 16): KL(q‖p) of the policy's q = (σ(x), σ(−x)) from the
 * labels' p = (1 − ε, ε), with x = β·(s⁺ − s⁻).
 */
export const exoPairLoss: PairLoss = ({ scores, mean }, { beta, label_smoothing: epsilon }) => {
  const logit = mul(sub(scores.chosen, scores.rejected), beta);
  const term = (x: Tensor, logLabel: number): Tensor => mul(sigmoid(x), sub(logSigmoid(x), logLabel));
  return mean(add(term(logit, Math.log1p(-epsilon)), term(neg(logit), Math.log(epsilon))));
};
