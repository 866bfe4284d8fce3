import { add, logSigmoid, mul, neg, sub, type Tensor } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/** −(1 − ε)·log σ(x) − ε·log σ(−x): the logistic loss with conservative label smoothing (Mitchell 2023). */
export function smoothedLogistic(logit: Tensor, smoothing: number): Tensor {
  const agreeing = mul(logSigmoid(logit), smoothing - 1);
  return smoothing === 0 ? agreeing : add(agreeing, mul(logSigmoid(neg(logit)), -smoothing));
}

/** Direct preference optimization (Rafailov et al. 2023, eq. 7): the logistic loss of β·(s⁺ − s⁻). */
export const sigmoidLoss: PairLoss = ({ scores, mean }, { beta, label_smoothing: smoothing }) =>
  mean(smoothedLogistic(mul(sub(scores.chosen, scores.rejected), beta), smoothing));
