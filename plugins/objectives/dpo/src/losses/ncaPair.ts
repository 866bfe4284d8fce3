import { add, logSigmoid, mul, neg, type Tensor } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/** Noise contrastive alignment on pairs (Chen et al. 2024, K = 2): −log σ(r⁺) − ½·log σ(−r⁺) − ½·log σ(−r⁻). */
export const ncaPairLoss: PairLoss = ({ logRatios, mean }, { beta }) => {
  const chosen = mul(logRatios.chosen, beta);
  const unlikely = (reward: Tensor): Tensor => mul(logSigmoid(neg(reward)), 0.5);
  return mean(neg(add(add(logSigmoid(chosen), unlikely(chosen)), unlikely(mul(logRatios.rejected, beta)))));
};
