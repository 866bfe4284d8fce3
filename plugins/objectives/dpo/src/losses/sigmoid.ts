import { mul, sub } from '@tether/graph';
import { smoothedLogistic } from '@tether/core';
import type { PairLoss } from './pair.ts';

/** Direct preference optimization (Rafailov et al. 2023, eq. 7): the logistic loss of β·(s⁺ − s⁻). */
export const sigmoidLoss: PairLoss = ({ scores, mean }, { beta, label_smoothing: smoothing }) =>
  mean(smoothedLogistic(mul(sub(scores.chosen, scores.rejected), beta), smoothing));
