import { div, mul, sub, type Tensor } from '@tether/graph';
import type { Pair } from '@tether/core';
import type { DpoOptions } from '../config.ts';
import type { PairLoss, PairValues } from './pair.ts';

/** Scores as sums over tokens (the paper's formula) or means per token (its authors' runs, and TRL). */
const REDUCE: Readonly<Record<DpoOptions['token_reduction'], (values: PairValues) => Pair>> = {
  sum: ({ scores }) => scores,
  mean: ({ scores, lengths }) => ({
    chosen: div(scores.chosen, lengths.chosen),
    rejected: div(scores.rejected, lengths.rejected),
  }),
};

const square = (x: Tensor): Tensor => mul(x, x);

/** Identity preference optimization (Azar et al. 2023, eq. 17, where β is τ): (s⁺ − s⁻ − 1/(2β))². */
export const ipoLoss: PairLoss = (values, { beta, token_reduction: reduction }) => {
  const { chosen, rejected } = REDUCE[reduction](values);
  return values.mean(square(sub(sub(chosen, rejected), 1 / (2 * beta))));
};
