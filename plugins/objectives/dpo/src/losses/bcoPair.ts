import { add, logSigmoid, mul, neg } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/**
 * Binary classifier optimization on pairs (Jung et al. 2024) without its reward shift δ, as TRL's DPO trainer has
 * it: −log σ(r⁺) − log σ(−r⁻).
 */
export const bcoPairLoss: PairLoss = ({ logRatios, mean }, { beta }) =>
  mean(neg(add(logSigmoid(mul(logRatios.chosen, beta)), logSigmoid(mul(logRatios.rejected, -beta)))));
