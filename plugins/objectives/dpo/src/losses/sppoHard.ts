import { add, mul, sub, type Tensor } from '@tether/graph';
import type { PairLoss } from './pair.ts';

const square = (x: Tensor): Tensor => mul(x, x);

/** Self-play preference optimization with hard labels (Wu et al. 2024, eq. 4.7): (Δ⁺ − 1/(2β))² + (Δ⁻ + 1/(2β))². */
export const sppoHardLoss: PairLoss = ({ logRatios, mean }, { beta }) => {
  const target = 1 / (2 * beta);
  return mean(add(square(sub(logRatios.chosen, target)), square(add(logRatios.rejected, target))));
};
