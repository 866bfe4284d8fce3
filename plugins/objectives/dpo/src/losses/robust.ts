import { logSigmoid, mul, neg, sub } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/**
 * Robust DPO (Chowdhury et al. 2024): an unbiased estimate of DPO's loss on clean labels where a share ε of
 * them is flipped, [(1 − ε)·L(x) − ε·L(−x)]/(1 − 2ε), with L(x) = −log σ(x) and x = β·(s⁺ − s⁻).
 */
export const robustLoss: PairLoss = ({ scores, mean }, { beta, label_smoothing: epsilon }) => {
  const logit = mul(sub(scores.chosen, scores.rejected), beta);
  const kept = mul(logSigmoid(logit), epsilon - 1);
  const flipped = mul(logSigmoid(neg(logit)), -epsilon);
  return mean(mul(sub(kept, flipped), 1 / (1 - 2 * epsilon)));
};
