import type { RowEvaluation } from '@tether/core';
import { describe, expect, it } from 'vitest';
import { rewardMeasurements, separation } from './rewardMeasurements.ts';

/** A row whose sides gained so much; null for a side that it lacks. */
const row = (rowNumber: number, ...gains: readonly (number | null)[]): RowEvaluation => ({
  rowNumber,
  logps: gains.map((gain) => (gain ?? 99) - 5),
  referenceLogps: gains.map(() => -5),
  kl: gains.map(() => 0),
  completionTokens: gains.map((gain) => (gain === null ? 0 : 3)),
  latentDistance: gains.map(() => 0),
});
const ownPrompt = (rowNumber: number): string => `row ${rowNumber}`;
const values = (rows: readonly RowEvaluation[]) =>
  Object.fromEntries(
    rewardMeasurements(rows, 'heldout', ownPrompt).map(({ metric, value, perPrompt }) => [
      metric,
      perPrompt?.values ?? value,
    ]),
  );

describe('what held-out rows say of a policy', () => {
  it('is accuracy and margin of pairs', () => {
    expect(values([row(1, 2, 1), row(2, 0, 3)])).toEqual({ rewardAccuracy: [1, 0], rewardMargin: [1, -3] });
  });

  it('counts a tie as half: a policy that has not moved tells nothing apart', () => {
    expect(values([row(1, 0, 0), row(2, 0, 0)])).toMatchObject({ rewardAccuracy: [0.5, 0.5] });
  });

  it('is one value for each prompt, the mean of its rows', () => {
    const rows = [row(1, 2, 1), row(2, 5, 1), row(3, 0, 3), row(4, 0, 1)];
    const measured = rewardMeasurements(rows, 'heldout', (number) => (number < 4 ? 'row 1' : 'row 4'));
    expect(Object.fromEntries(measured.map(({ metric, perPrompt }) => [metric, perPrompt]))).toEqual({
      rewardAccuracy: { prompts: ['row 1', 'row 4'], values: [2 / 3, 0] },
      rewardMargin: { prompts: ['row 1', 'row 4'], values: [(1 + 4 - 3) / 3, -1] },
    });
  });

  it('is each side’s gain, and how well the sides are told apart, of unpaired rows', () => {
    expect(values([row(1, 2, null), row(2, null, 1), row(3, 1, null), row(4, null, -1)])).toEqual({
      rewardSeparation: (2 + 1.5) / 4, // 2 beats both, 1 beats −1 and equals 1
      chosenGain: [2, 1],
      rejectedGain: [1, -1],
    });
  });

  it('is both where pairs and unpaired rows are mixed', () => {
    expect(values([row(1, 2, 1), row(2, null, 3)])).toEqual({
      rewardAccuracy: [1],
      rewardMargin: [1],
      rewardSeparation: 0.5,
      chosenGain: [2],
      rejectedGain: [1, 3],
    });
  });

  it('tells nothing apart where there is one side alone', () => {
    expect(values([row(1, 2, null)])).toEqual({ chosenGain: [2] });
    expect(values([row(1, 2)])).toEqual({}); // single completions to imitate
  });

  it('counts every combination', () => {
    const [a, b] = [
      [3, 1, 2, 2],
      [2, 0, 5, 2, 1],
    ];
    const order = a.flatMap((x) => b.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
    expect(separation(a, b)).toBeCloseTo(order.reduce<number>((sum, x) => sum + x, 0) / order.length, 12);
  });
});
