import { add, mul, sigmoid, sub, type Tensor } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/** σ(−x), written so that it does not cancel. */
const unlikely = (x: Tensor): Tensor => sigmoid(mul(x, -1));

/** Anchored preference optimization, zero (D'Oosterlinck et al. 2024, eq. 7): chosen up, rejected down. */
export const apoZeroLoss: PairLoss = ({ logRatios, mean }, { beta }) =>
  mean(add(unlikely(mul(logRatios.chosen, beta)), sigmoid(mul(logRatios.rejected, beta))));

/** Anchored preference optimization, down (eq. 8): both down, the rejected further. */
export const apoDownLoss: PairLoss = ({ logRatios, mean }, { beta }) =>
  mean(add(sigmoid(mul(logRatios.chosen, beta)), unlikely(mul(sub(logRatios.chosen, logRatios.rejected), beta))));
