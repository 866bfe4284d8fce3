import { describe, expect, it } from 'vitest';
import type { HostArray } from '../contracts/index.ts';
import { PAIRS, pairBatch, type TestPair } from '../testing/batches.ts';
import { pairObjective } from '../testing/plugins.ts';
import { tinyModel, tinyWeights } from '../testing/tinyModel.ts';
import { testTrainer } from '../testing/trainers.ts';
import { evaluate } from './evaluate.ts';

const POLICY = tinyWeights(1);
const REFERENCE = tinyWeights(50);
const { hiddenSize: H, vocabularySize: V } = tinyModel();

/** The tiny model by hand: the hidden state [H] of a token at a position. */
function hiddenState(weights: ReadonlyMap<string, HostArray>, token: number, position: number): number[] {
  const [embedding, positions, mix] = ['embedding', 'positions', 'mix'].map((name) => weights.get(name)!);
  const place = Array.from({ length: H }, (_, h) => embedding![token * H + h]! + positions![position * H + h]!);
  return Array.from({ length: H }, (_, out) =>
    Math.tanh(place.reduce((sum, x, into) => sum + x * mix![into * H + out]!, 0)),
  );
}

/** log p of every token after that hidden state, [V]. */
function logProbabilities(weights: ReadonlyMap<string, HostArray>, state: readonly number[]): number[] {
  const output = weights.get('output')!;
  const logits = Array.from({ length: V }, (_, v) => state.reduce((sum, x, h) => sum + x * output[v * H + h]!, 0));
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - total);
}

const sum = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0);
const lengthOf = (xs: readonly number[]): number => Math.hypot(...xs);

/** What an evaluation has to say of one side of a pair. */
function byHand({ prompt, completions }: TestPair, side: 0 | 1) {
  const tokens = [...prompt, ...completions[side]];
  const states = (weights: ReadonlyMap<string, HostArray>) =>
    tokens.map((token, at) => hiddenState(weights, token, at));
  const [policy, reference] = [states(POLICY), states(REFERENCE)];
  const after = completions[side].map((label, t) => {
    const at = prompt.length + t - 1; // the place that predicts it
    const [p, q] = [logProbabilities(POLICY, policy[at]!), logProbabilities(REFERENCE, reference[at]!)];
    return { logp: p[label]!, referenceLogp: q[label]!, kl: sum(p.map((x, v) => Math.exp(x) * (x - q[v]!))) };
  });
  const distances = policy.map(
    (state, at) => lengthOf(state.map((x, h) => x - reference[at]![h]!)) / lengthOf(reference[at]!),
  );
  return {
    logps: sum(after.map(({ logp }) => logp)),
    referenceLogps: sum(after.map(({ referenceLogp }) => referenceLogp)),
    kl: sum(after.map(({ kl }) => kl)),
    completionTokens: completions[side].length,
    latentDistance: sum(distances) / distances.length,
  };
}

const batches = [pairBatch(PAIRS.slice(0, 4)), pairBatch([...PAIRS.slice(4), null, null])];

const FIELDS = ['logps', 'referenceLogps', 'kl', 'completionTokens', 'latentDistance'] as const;

describe('an evaluation', () => {
  it('gives each row’s log-probabilities, sequence KL and latent distance, as worked out by hand', async () => {
    const { trainer } = await testTrainer({ objective: pairObjective, batches: [batches] });
    const { rows } = await evaluate(trainer, batches, true);
    expect(rows.map(({ rowNumber }) => rowNumber)).toEqual([1, 2, 3, 4, 5, 6]); // no filler rows
    rows.forEach((row, index) => {
      for (const side of [0, 1] as const) {
        const expected = byHand(PAIRS[index]!, side);
        for (const field of FIELDS)
          expect(row[field][side], `${field} of row ${index + 1}`).toBeCloseTo(expected[field], 12);
      }
    });
  });

  it('gives the objective’s loss over all rows, whatever the batches', async () => {
    const { trainer } = await testTrainer({ objective: pairObjective, batches: [batches] });
    const { readings } = await evaluate(trainer, batches, true);
    const margins = PAIRS.map((pair) => {
      const [chosen, rejected] = [byHand(pair, 0), byHand(pair, 1)];
      return chosen.logps - chosen.referenceLogps - (rejected.logps - rejected.referenceLogps);
    });
    expect(readings['loss']).toBeCloseTo(sum(margins.map((margin) => Math.log1p(Math.exp(-margin)))) / 6, 12);
    expect(readings['rewards/accuracies']).toBeCloseTo(margins.filter((margin) => margin > 0).length / 6, 12);
  });

  it('judges rows without the objective, too', async () => {
    const { trainer } = await testTrainer({ objective: pairObjective, batches: [batches] });
    const [withObjective, without] = [await evaluate(trainer, batches, true), await evaluate(trainer, batches, false)];
    expect(without.readings).toEqual({});
    expect(without.rows).toEqual(withObjective.rows);
  });

  it('takes batches that are made anew each time, and refuses those that come only once', async () => {
    const { trainer } = await testTrainer({ objective: pairObjective, batches: [batches] });
    const anew = { [Symbol.iterator]: () => batches.values() };
    expect(await evaluate(trainer, anew, true)).toEqual(await evaluate(trainer, batches, true));
    await expect(evaluate(trainer, batches.values(), true)).rejects.toThrow(
      'the first time there were 2, the second time 0',
    );
  });

  it('leaves the run as it was, and no memory behind', async () => {
    const { trainer, backend } = await testTrainer({ objective: pairObjective, batches: [batches] });
    const before = backend.live.size;
    await evaluate(trainer, batches, true);
    expect(backend.live.size).toBe(before);
  });
});
