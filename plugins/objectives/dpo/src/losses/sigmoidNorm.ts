import { div, mul, sub } from '@tether/graph';
import { smoothedLogistic } from '@tether/core';
import type { PairLoss } from './pair.ts';

/** Length-normalized DPO (Lambert et al. 2024, Tülu 3): the logistic loss of β·(s⁺/|y⁺| − s⁻/|y⁻|). */
export const sigmoidNormLoss: PairLoss = ({ scores, lengths, mean }, { beta }) => {
  const perToken = sub(div(scores.chosen, lengths.chosen), div(scores.rejected, lengths.rejected));
  return mean(smoothedLogistic(mul(perToken, beta), 0));
};
