import { maximum, mul, sub } from '@tether/graph';
import type { PairLoss } from './pair.ts';

/** The hinge loss of reward margins: max(0, 1 − β·(s⁺ − s⁻)) (Liu et al. 2023, RSO, after SLiC). */
export const hingeLoss: PairLoss = ({ scores, mean }, { beta }) =>
  mean(maximum(sub(1, mul(sub(scores.chosen, scores.rejected), beta)), 0));
