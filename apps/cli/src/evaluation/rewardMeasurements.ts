import type { Measurement } from '@tether/compare';
import type { RowEvaluation } from '@tether/core';

const hasSide = ({ completionTokens }: RowEvaluation, side: 0 | 1): boolean => (completionTokens[side] ?? 0) > 0;

/** Log-probability that the policy gained over the reference on one side. */
const gain = ({ logps, referenceLogps }: RowEvaluation, side: 0 | 1): number => logps[side]! - referenceLogps[side]!;

/** How many of ascending values satisfy a test that the first ones satisfy and the others do not. */
function countFirst(ascending: readonly number[], test: (value: number) => boolean): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(ascending[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The share of all (larger, smaller) combinations that are in that order; equal ones count half. */
export function separation(larger: readonly number[], smaller: readonly number[]): number {
  const ascending = smaller.toSorted((a, b) => a - b);
  const won = larger.map((x) => (countFirst(ascending, (y) => y < x) + countFirst(ascending, (y) => y <= x)) / 2);
  return won.reduce((sum, count) => sum + count, 0) / (larger.length * smaller.length);
}

/** 1 for the larger one first, 0 for the smaller one, ½ for equal ones: a policy that has not moved tells nothing apart. */
const order = (first: number, second: number): number => (first > second ? 1 : first === second ? 0.5 : 0);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * What the policy gained on held-out completions over the reference: of pairs, chosen against rejected; of unpaired rows each
 * side by itself, and how well all completions are told apart.
 *
 * Rows with the same prompt are one measured prompt, with their mean: they are not independent of each other.
 *
 * @param promptOf the prompt of a row, by the row's number
 */
export function rewardMeasurements(
  rows: readonly RowEvaluation[],
  split: string,
  promptOf: (rowNumber: number) => string,
): Measurement[] {
  const perRow = (
    metric: string,
    of: readonly RowEvaluation[],
    value: (row: RowEvaluation) => number,
  ): Measurement[] => {
    if (of.length === 0) return [];
    const byPrompt = Map.groupBy(of, ({ rowNumber }) => promptOf(rowNumber));
    const values = [...byPrompt.values()].map((own) => mean(own.map(value)));
    return [{ metric, split, perPrompt: { prompts: [...byPrompt.keys()], values } }];
  };
  const preferences = rows.filter(({ logps }) => logps.length === 2); // single completions have nothing to be told apart
  const chosen = preferences.filter((row) => hasSide(row, 0));
  const rejected = preferences.filter((row) => hasSide(row, 1));
  const pairs = chosen.filter((row) => hasSide(row, 1));
  const ofPairs = [
    ...perRow('rewardAccuracy', pairs, (row) => order(gain(row, 0), gain(row, 1))),
    ...perRow('rewardMargin', pairs, (row) => gain(row, 0) - gain(row, 1)),
  ];
  if (pairs.length === preferences.length) return ofPairs;
  const gains = { chosen: chosen.map((row) => gain(row, 0)), rejected: rejected.map((row) => gain(row, 1)) };
  const isComparable = chosen.length > 0 && rejected.length > 0;
  return [
    ...ofPairs,
    ...(isComparable ? [{ metric: 'rewardSeparation', split, value: separation(gains.chosen, gains.rejected) }] : []),
    ...perRow('chosenGain', chosen, (row) => gain(row, 0)),
    ...perRow('rejectedGain', rejected, (row) => gain(row, 1)),
  ];
}
