import { readFileSync } from 'node:fs';
import type { LanguageModel } from '@tether/core';
import {
  checkGradients,
  evaluate,
  mul,
  optimize,
  printGraph,
  reshape,
  traceGraph,
  vectorJacobian,
} from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../checkpoint/index.ts';
import { loadModelConfig, parseModelConfig, type ModelConfig } from '../config/index.ts';
import { parameterInputs, randomWeights, smallConfig } from '../testing/models.ts';
import { plainRow, promptOnce, rowInputs, run, type Rows, type Weights } from '../testing/rows.ts';
import { stories260K } from '../testing/sharedData.ts';
import { languageModel } from '../languageModel.ts';

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, index) => Math.max(most, Math.abs(x - b[index]!)), 0);
};

function expectPromptOnce(
  model: LanguageModel,
  weights: Weights,
  [prompt, chosen, rejected]: readonly (readonly number[])[],
) {
  const { row, alone } = promptOnce(prompt!, chosen!, rejected!, 3);
  const { states } = run(model, weights, row);
  const size = model.hiddenSize;
  const at = (from: number, limit: number) => states.slice(from * size, limit * size);
  const [p, c, r] = [prompt!.length, chosen!.length, rejected!.length];
  const [withChosen, withRejected] = alone.map((rows) => run(model, weights, rows).states);
  expect(states.every(Number.isFinite)).toBe(true);
  // Both compute the same sums in float64; only masked zeros are added in another order.
  expect(largestDifference(at(0, p + c), withChosen!)).toBeLessThan(1e-10);
  expect(largestDifference(at(p + c, p + c + r), withRejected!.slice(p * size))).toBeLessThan(1e-10);
}

describe('llama', () => {
  const model = languageModel(smallConfig());
  const weights = randomWeights(model, 3);

  it('gives a prompt-once row the hidden states of two rows by themselves', () => {
    expectPromptOnce(model, weights, [
      [1, 5, 2],
      [7, 3, 8, 8],
      [4, 12],
    ]);
    expectPromptOnce(model, weights, [[1], [7], [7]]);
  });

  it('computes rows of a batch independently', () => {
    const [a, b] = [plainRow([1, 5, 2, 4]), plainRow([9, 9, 0, 3])];
    const both: Rows = {
      tokens: [...a.tokens, ...b.tokens],
      segments: [...a.segments, ...b.segments],
      positions: [...a.positions, ...b.positions],
      keyMask: [...a.keyMask, ...b.keyMask],
    };
    const alone = [...run(model, weights, a).states, ...run(model, weights, b).states];
    expect(largestDifference(run(model, weights, both, 2).states, alone)).toBeLessThan(1e-12);
  });

  it('has the gradient of its value for every parameter', () => {
    const config = smallConfig({
      num_hidden_layers: 1,
      attention_bias: true,
      mlp_bias: true,
      tie_word_embeddings: true,
    });
    const small = languageModel(config);
    const { row } = promptOnce([1, 5], [7, 3], [4], 1);
    const integers = Object.fromEntries(
      Object.entries<readonly number[]>({ ...row }).map(([name, data]) => [
        name,
        { dtype: 'i32', shape: [1, 6], data } as const,
      ]),
    );
    const numbers = randomWeights(small, 11);
    const floats = Object.fromEntries(
      small.parameters.map(({ name, shape }) => [name, { dtype: 'f32', shape, data: numbers[name]! } as const]),
    );
    const labels = { dtype: 'i32', shape: [6], data: [5, 7, 3, 2, 4, 0] } as const;
    const mismatches = checkGradients(
      (tensors) => {
        const states = small.hiddenStates(tensors, tensors as unknown as ReturnType<typeof rowInputs>);
        return small.head(tensors).logps(reshape(states, [6, small.hiddenSize]), tensors['labels']!);
      },
      { ...floats, ...integers, labels },
      { mostElements: 6 },
    );
    expect(mismatches).toEqual([]);
  });

  it('gives the same gradients when layers are computed again instead of kept', () => {
    const gradientsOf = (rematerialize: boolean) => {
      const variant = languageModel(smallConfig(), { rematerialize });
      const parameters = parameterInputs(variant);
      const states = variant.hiddenStates(parameters, rowInputs(1, 4));
      const gradients = vectorJacobian(states, Object.values(parameters), mul(states, 2));
      return traceGraph(new Map(Object.keys(parameters).map((name, index) => [name, gradients[index]!])));
    };
    const [kept, again] = [gradientsOf(false), gradientsOf(true)];
    const numbers = { ...weights, ...plainRow([1, 5, 2, 4]) };
    const forGraph = ({ inputs }: typeof kept) =>
      Object.fromEntries(Object.entries(numbers).filter(([name]) => inputs.has(name)));
    const expected = evaluate(kept, forGraph(kept));
    for (const [name, { data }] of evaluate(optimize(again), forGraph(again))) {
      const scale = Math.max(...expected.get(name)!.data.map(Math.abs));
      expect(largestDifference(data, expected.get(name)!.data), name).toBeLessThan(1e-12 * (1 + scale));
    }
    const products = (graph: typeof kept) =>
      optimize(graph).nodes.filter(({ operation }) => operation.name === 'matmul').length;
    expect(products(again)).toBeGreaterThan(products(kept));
  });

  it('names layers in printed graphs, and parameters that are missing', () => {
    const parameters = parameterInputs(model);
    const text = printGraph(traceGraph({ states: model.hiddenStates(parameters, rowInputs(1, 2)) }));
    expect(text).toContain('# layers.1/self_attn');
    const rest = Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== 'model.norm.weight'));
    expect(() => model.head(rest)).toThrow('model.norm.weight');
  });

  it('lets weight decay at matrices only', () => {
    const decays = languageModel(smallConfig({ attention_bias: true })).parameters.filter((spec) => spec.decays);
    expect(decays.every(({ shape }) => shape.length === 2)).toBe(true);
    expect(decays.map(({ name }) => name)).toContain('lm_head.weight');
    expect(decays.map(({ name }) => name)).not.toContain('model.norm.weight');
  });
});

interface Variant {
  readonly title: string;
  readonly config: Record<string, unknown>;
  readonly tokens: readonly number[];
  readonly logits: readonly number[];
}

describe('against transformers', () => {
  const file = new URL('../testdata/llama-variants.json', import.meta.url);
  const variants = JSON.parse(readFileSync(file, 'utf8')) as Variant[];

  /** The formula of tools/goldens/llama_variants.py. */
  function formulaWeights(config: ModelConfig): Weights {
    const specs = languageModel(config).parameters.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return Object.fromEntries(
      specs.map(({ name, shape }, number) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        const wave = Array.from({ length: size }, (_, index) => Math.sin(1.7 * number + 0.61 * index + 1));
        return [name, wave.map((x) => (name.includes('norm') ? 1 + 0.3 * x : 0.4 * x))];
      }),
    );
  }

  it.each(variants)('gives the same logits: $title', ({ config, tokens, logits }) => {
    const parsed = parseModelConfig(config);
    const ours = run(languageModel(parsed), formulaWeights(parsed), plainRow(tokens)).logits;
    expect(largestDifference(ours, logits)).toBeLessThan(1e-12); // float64 on both sides
  });

  const folder = stories260K();
  it.skipIf(folder === undefined)('gives the logits of the real checkpoint stories260K', async () => {
    const { config } = await loadModelConfig(folder!);
    const model = languageModel(config);
    const checkpoint = await openCheckpoint(folder!);
    const weights = Object.fromEntries(
      await Promise.all(model.parameters.map(async ({ name }) => [name, await checkpoint.read(name)] as const)),
    );
    await checkpoint.close();
    const golden = JSON.parse(
      readFileSync(new URL('../testdata/stories260k-logits.json', import.meta.url), 'utf8'),
    ) as { texts: { ids: number[]; last_logits: { base64_float32: string } }[] };
    for (const { ids, last_logits } of golden.texts) {
      const bytes = Buffer.from(last_logits.base64_float32, 'base64');
      const expected = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      const { logits } = run(model, weights, plainRow(ids));
      expect(largestDifference(logits.slice(-config.vocabSize), expected)).toBeLessThan(1e-4); // float32 there, logits up to 20
    }
    expectPromptOnce(model, weights, [golden.texts[0]!.ids, [395, 410, 388], [261, 376]]);
  });
});
