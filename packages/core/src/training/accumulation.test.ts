import { describe, expect, it } from 'vitest';
import type { HostBatch } from '../contracts/index.ts';
import { names, type ObjectiveUse, type RegularizerUse } from '../step/index.ts';
import { PAIRS, pairBatch } from '../testing/batches.ts';
import { criticPenalty, divergencePenalty, pairObjective, tokenObjective } from '../testing/plugins.ts';
import { testTrainer } from '../testing/trainers.ts';

/**
 * Float64, and both sides are sums of the same numbers in another order. Moments hold gradients; parameters do not have
 * to agree so well, since Adam divides by √v̂, which is as small as a gradient may be.
 */
const SAME = 1e-12;

/** One step over given micro-batches: readings, and both moments of every parameter. */
async function oneStep(objective: ObjectiveUse, regularizers: readonly RegularizerUse[], batches: HostBatch[]) {
  // No clipping: its factor depends on the norm, which is compared by itself.
  const { trainer } = await testTrainer({
    objective,
    regularizers,
    batches: [batches],
    settings: { max_grad_norm: 0 },
  });
  const { readings } = await trainer.step(0);
  const moments: Record<string, ArrayLike<number>> = {};
  for (const { name } of trainer.options.definition.model.parameters) {
    for (const slot of [names.firstMoment(name), names.secondMoment(name)]) {
      moments[slot] = (await trainer.state.download(slot)).data;
    }
  }
  await trainer.dispose();
  return { readings, moments };
}

const pairs = PAIRS.slice(0, 5);

const SPLITS: Readonly<Record<string, () => HostBatch[]>> = {
  'row by row': () => pairs.map((pair) => pairBatch([pair])),
  'in batches of unequal size': () => [pairBatch(pairs.slice(0, 1)), pairBatch(pairs.slice(1))],
  'with a last batch filled up': () => [
    pairBatch(pairs.slice(0, 2)),
    pairBatch(pairs.slice(2, 4)),
    pairBatch([pairs[4]!, null]),
  ],
  'with a batch of filler rows alone': () => [pairBatch(pairs), pairBatch([null, null])],
};

const LOSSES: Readonly<Record<string, readonly [ObjectiveUse, readonly RegularizerUse[]]>> = {
  'a mean over rows': [pairObjective, []],
  'a mean over tokens of one side': [tokenObjective, []],
  'full-distribution KL over both sides': [tokenObjective, [divergencePenalty]],
  'a mean over rows with KL': [pairObjective, [divergencePenalty]],
};

describe.each(Object.entries(LOSSES))('the gradient of %s', (_, [objective, regularizers]) => {
  it.each(Object.entries(SPLITS))('is that of the large batch, taken %s', async (_split, batches) => {
    const whole = await oneStep(objective, regularizers, [pairBatch(pairs)]);
    const parts = await oneStep(objective, regularizers, batches());
    expect(Object.keys(parts.readings).sort()).toEqual(Object.keys(whole.readings).sort());
    for (const [name, value] of Object.entries(whole.readings)) {
      expect(Math.abs(parts.readings[name]! - value), name).toBeLessThanOrEqual(SAME);
    }
    for (const [slot, expected] of Object.entries(whole.moments)) {
      const actual = parts.moments[slot]!;
      Array.from(expected).forEach((value, at) => {
        expect(Math.abs(actual[at]! - value), `${slot}[${at}]`).toBeLessThanOrEqual(SAME);
      });
    }
  });
});

it('averages over tokens, not over micro-batches', async () => {
  // Completions of 3 and 1 tokens, a batch each: the mean of means would weigh the single token as much as three.
  const batches = [pairBatch(PAIRS.slice(0, 1)), pairBatch(PAIRS.slice(1, 2))];
  const single = await Promise.all(batches.map((batch) => oneStep(tokenObjective, [], [batch])));
  const [first, second] = single.map(({ readings }) => readings['loss']!) as [number, number];
  const { readings } = await oneStep(tokenObjective, [], batches);
  expect(readings['loss']).toBeCloseTo((3 * first + second) / 4, 12);
});

describe('an opponent with accumulation', () => {
  it('steps once, at the boundary, with the gradients summed', async () => {
    const split = [pairBatch(PAIRS.slice(0, 2)), pairBatch(PAIRS.slice(2, 4))];
    const { trainer } = await testTrainer({
      objective: pairObjective,
      regularizers: [criticPenalty],
      batches: [split],
    });
    const slot = names.network('critic', 'firstMoment', 'weight');
    await trainer.step(0);
    const summed = (await trainer.state.download(slot)).data;
    const whole = await testTrainer({
      objective: pairObjective,
      regularizers: [criticPenalty],
      batches: [[pairBatch(PAIRS.slice(0, 4))]],
    });
    await whole.trainer.step(0);
    const expected = (await whole.trainer.state.download(slot)).data;
    Array.from(expected).forEach((value, at) => expect(summed[at]).toBeCloseTo(value, 12)); // float64, summed in another order
  });

  it('is seen by earlier micro-batches as it was before its step, and by the last one as it is after', async () => {
    const real = pairBatch(PAIRS.slice(0, 2));
    const filler = pairBatch([null, null]);
    /** How much the penalty of the step moves when the critic takes a large step instead of a tiny one. */
    const influence = async (batches: HostBatch[]): Promise<number> => {
      const penalties: number[] = [];
      for (const learning_rate of [1e-9, 0.2]) {
        const settings = { learning_rate };
        const run = { objective: pairObjective, regularizers: [criticPenalty], batches: [batches], settings };
        const { readings } = await (await testTrainer(run)).trainer.step(0);
        penalties.push(readings['critic/penalty']!);
      }
      return Math.abs(penalties[0]! - penalties[1]!);
    };
    expect(await influence([real, filler])).toBe(0);
    expect(await influence([filler, real])).toBeGreaterThan(1e-3);
  });
});
