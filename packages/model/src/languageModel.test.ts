import { hostTensor, type DeviceTensor } from '@tether/core';
import { interpreterBackend } from '@tether/core/testing';
import { checkGradients, evaluate, mul, optimize, reshape, traceGraph, vectorJacobian } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { parseModelConfig } from './config/index.ts';
import { createGenerator } from './generation/index.ts';
import { languageModel } from './languageModel.ts';
import { parameterInputs, randomWeights, SMALL_ARCHITECTURES } from './testing/models.ts';
import { plainRow, promptOnce, rowInputs, run, type Rows } from './testing/rows.ts';

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, index) => Math.max(most, Math.abs(x - b[index]!)), 0);
};

/** Longer than any window, and the rows of both completions longer than LongRoPE's original context. */
const PROMPT = [1, 5, 2, 9];
const CHOSEN = [7, 3, 8, 8, 0];
const REJECTED = [4, 12, 7, 1];

describe.each(Object.entries(SMALL_ARCHITECTURES))('%s', (_, json) => {
  const config = parseModelConfig(json);
  const model = languageModel(config);
  const weights = randomWeights(model, 3);

  it('gives a prompt-once row the hidden states of two rows by themselves', () => {
    const { row, alone } = promptOnce(PROMPT, CHOSEN, REJECTED, 3);
    const { states, shape } = run(model, weights, row);
    expect(shape).toEqual([1, 16, model.hiddenSize]);
    expect(states.every(Number.isFinite)).toBe(true);
    const at = (from: number, limit: number) => states.slice(from * model.hiddenSize, limit * model.hiddenSize);
    const [withChosen, withRejected] = alone.map((rows) => run(model, weights, rows).states);
    // Both compute the same sums in float64; only masked zeros are added in another order.
    expect(largestDifference(at(0, 9), withChosen!)).toBeLessThan(1e-10);
    expect(largestDifference(at(9, 13), withRejected!.slice(4 * model.hiddenSize))).toBeLessThan(1e-10);
  });

  it('computes rows of a batch independently', () => {
    const [a, b] = [plainRow([...PROMPT, ...CHOSEN]), plainRow([9, 9, 0, 3])];
    const padded: Rows = {
      tokens: [...b.tokens, 0, 0, 0, 0, 0],
      segments: [...b.segments, 0, 0, 0, 0, 0],
      positions: [...b.positions, 0, 0, 0, 0, 0],
      keyMask: [...b.keyMask, 0, 0, 0, 0, 0],
    };
    const join = (key: keyof Rows) => [...a[key], ...padded[key]];
    const both = {
      tokens: join('tokens'),
      segments: join('segments'),
      positions: join('positions'),
      keyMask: join('keyMask'),
    };
    const { states } = run(model, weights, both, 2);
    const alone = [...run(model, weights, a).states, ...run(model, weights, b).states];
    expect(largestDifference(states.slice(0, alone.length), alone)).toBeLessThan(1e-12);
  });

  it('has the gradient of its log-probabilities for every parameter', () => {
    const { row } = promptOnce([1, 5, 9], [7, 3, 2, 4], [4, 8, 11, 6], 1);
    const length = row.tokens.length;
    const integers = Object.fromEntries(
      Object.entries<readonly number[]>({ ...row }).map(([name, data]) => [
        name,
        { dtype: 'i32', shape: [1, length], data } as const,
      ]),
    );
    const floats = Object.fromEntries(
      model.parameters.map(({ name, shape }) => [name, { dtype: 'f32', shape, data: weights[name]! } as const]),
    );
    const data = row.tokens.map((token) => (token * 5) % 13);
    const labels = { dtype: 'i32', shape: [length], data } as const;
    const mismatches = checkGradients(
      (tensors) => {
        const states = model.hiddenStates(tensors, tensors as unknown as ReturnType<typeof rowInputs>);
        return model.head(tensors).logps(reshape(states, [length, model.hiddenSize]), tensors['labels']!);
      },
      { ...floats, ...integers, labels },
      { mostElements: 3 },
    );
    expect(mismatches).toEqual([]);
  });

  it('gives the same gradients when layers are computed again instead of kept', () => {
    const row = plainRow([...PROMPT, ...CHOSEN]);
    const gradients = ([false, true] as const).map((rematerialize) => {
      const variant = languageModel(config, { rematerialize });
      const parameters = parameterInputs(variant);
      const states = variant.hiddenStates(parameters, rowInputs(1, row.tokens.length));
      const outputs = vectorJacobian(states, Object.values(parameters), mul(states, 2));
      const graph = optimize(
        traceGraph(new Map(Object.keys(parameters).map((name, index) => [name, outputs[index]!]))),
      );
      const given = Object.entries<ArrayLike<number>>({ ...weights, ...row }).filter(([name]) =>
        graph.inputs.has(name),
      );
      return evaluate(graph, Object.fromEntries(given));
    });
    const [kept, again] = gradients as [(typeof gradients)[0], (typeof gradients)[0]];
    for (const [name, { data }] of again) {
      const expected = kept.get(name)!.data;
      const scale = Math.max(...expected.map(Math.abs));
      expect(largestDifference(data, expected), name).toBeLessThan(1e-12 * (1 + scale));
    }
  });

  it('continues texts with a cache as it would without', async () => {
    const backend = interpreterBackend();
    const parameters = new Map<string, DeviceTensor>();
    for (const { name, shape } of model.parameters) {
      parameters.set(name, await backend.upload(hostTensor('f32', shape, weights[name]!)));
    }
    const generator = createGenerator({ backend, model, maxLength: 30 });
    const prompts = [PROMPT, [3], [2, 8, 8, 1, 0, 5, 4, 11]];
    const results = await generator.generate(parameters, prompts, { maxNewTokens: 7, temperature: 0 });
    results.forEach(({ tokens, logps }, index) => {
      const row = [...prompts[index]!];
      tokens.forEach((token, step) => {
        const logits = run(model, weights, plainRow(row)).logits.slice(-model.vocabularySize);
        const largest = Math.max(...logits);
        const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
        expect(logits[token]).toBeCloseTo(largest, 10);
        expect(logps[step]).toBeCloseTo(-Math.log(total), 10);
        row.push(token);
      });
      expect(tokens).toHaveLength(7);
    });
    await generator.dispose();
    expect(backend.live).toEqual(new Set(parameters.values()));
  });

  it('lets weight decay at matrices only, and all parameters train', () => {
    for (const { shape, decays, trainable } of model.parameters) {
      expect([decays, trainable]).toEqual([shape.length === 2, true]);
    }
  });
});
