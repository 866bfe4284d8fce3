import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constant, evaluate, grad, mul, reduceSum, reshape, traceGraph, type Tensor } from '@tether/graph';
import type { LanguageModel } from '@tether/core';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../checkpoint/index.ts';
import { loadModelConfig, type ModelConfig } from '../config/index.ts';
import { decoder } from '../decoder/index.ts';
import { gpt2 } from '../gpt2/index.ts';
import { parameterInputs } from '../testing/models.ts';
import { plainRow, rowInputs, run, type Weights } from '../testing/rows.ts';
import { transformerModel, type TransformerBody } from '../transformer/index.ts';
import { loadAdapterConfig, readAdapter } from './index.ts';

/** What tools/goldens/peft_adapter.py writes: computed by PEFT in float64, but for rotary angles, which are float32. */
interface AdapterGolden {
  readonly logits: readonly (readonly number[])[];
  readonly dropped_logits: readonly (readonly number[])[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}
/** Of logits of order 1 and, as a share of its largest entry, of each gradient: angles are good to 1e-7. */
const TOLERANCE = 2e-6;

const testdata = fileURLToPath(new URL('../testdata', import.meta.url));
const { tokens, adapters } = JSON.parse(await readFile(join(testdata, 'adapters.json'), 'utf8')) as {
  readonly tokens: readonly (readonly number[])[];
  readonly adapters: Readonly<Record<string, AdapterGolden>>;
};

const bodyOf = (config: ModelConfig): TransformerBody => (config.modelType === 'gpt2' ? gpt2(config) : decoder(config));

/** Every third input dropped, as in the golden. */
const withKnownDropout = (body: TransformerBody): TransformerBody => ({
  ...body,
  forward: (parameters, places, ...rest) =>
    body.forward(parameters, { ...places, dropout: () => (x) => mul(x, keptColumns(x.shape[1]!)) }, ...rest),
});
const keptColumns = (columns: number): Tensor => {
  const kept = Array.from({ length: columns }, (_, index) => (index % 3 === 2 ? 0 : 1.5));
  return constant(kept, 'f32', [1, columns]);
};

async function load(name: string) {
  const adapter = await loadAdapterConfig(join(testdata, name));
  const { config } = await loadModelConfig(adapter.base!);
  const body = bodyOf(config);
  const reader = await openCheckpoint(adapter.base!);
  const weights: Record<string, Float32Array> = Object.fromEntries(await readAdapter(adapter, body.parameters));
  for (const parameter of body.parameters) weights[parameter.name] = await reader.read(parameter.name);
  await reader.close();
  const lora = adapter.config;
  const model = transformerModel(body, { lora });
  return { lora, weights, model, dropping: transformerModel(withKnownDropout(body), { lora }) };
}

function expectLastLogits(model: LanguageModel, weights: Weights, expected: readonly (readonly number[])[]): void {
  tokens.forEach((row, index) => {
    const logits = run(model, weights, plainRow(row)).logits.slice(-model.vocabularySize);
    expect(largestDifference(logits, expected[index]!)).toBeLessThan(TOLERANCE);
  });
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, index) => Math.max(most, Math.abs(x - b[index]!)), 0);
};

/** Gradients of the mean cross-entropy of every row's next tokens. */
function gradientsOf(model: LanguageModel, weights: Weights): ReadonlyMap<string, ArrayLike<number>> {
  const [rows, length] = [tokens.length, tokens[0]!.length];
  const parameters = parameterInputs(model);
  const states = reshape(model.hiddenStates(parameters, rowInputs(rows, length)), [rows * length, model.hiddenSize]);
  const labels = tokens.flatMap((row) => [...row.slice(1), 0]);
  const counts = tokens.flatMap((row) => row.map((_, place) => (place < length - 1 ? -1 / (rows * (length - 1)) : 0)));
  const logps = model.head(parameters).logps(states, constant(labels, 'i32', [rows * length]));
  const loss = reduceSum(mul(logps, constant(counts, 'f32', [rows * length])));
  const names = model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
  const gradients = grad(
    loss,
    names.map((name) => parameters[name]!),
  );
  const graph = traceGraph(Object.fromEntries(names.map((name, index) => [name, gradients[index]!])));
  const whole = plainRow(tokens.flat());
  const given = { ...weights, ...whole, positions: tokens.flatMap((row) => [...row.keys()]) };
  const inputs = Object.entries<ArrayLike<number>>(given).filter(([name]) => graph.inputs.has(name));
  const outputs = evaluate(graph, Object.fromEntries(inputs));
  return new Map(names.map((name) => [name, outputs.get(name)!.data]));
}

describe.each(Object.entries(adapters))('the adapter %s that PEFT made', (name, golden) => {
  it('is read with its options', async () => {
    const { lora } = await load(name);
    expect(lora).toMatchObject({ dora: name.endsWith('-dora'), rslora: name === 'tiny-llama-adapter', dropout: 0.3 });
  });

  it('gives the logits that PEFT gives', async () => {
    const { model, weights } = await load(name);
    expectLastLogits(model, weights, golden.logits);
  });

  it('gives them in training, with dropout, too', async () => {
    const { dropping, weights } = await load(name);
    expectLastLogits(dropping, weights, golden.dropped_logits);
    expect(largestDifference(golden.logits.flat(), golden.dropped_logits.flat())).toBeGreaterThan(1e-3);
  });

  it('gives every tensor of the adapter the gradient that PEFT gives it', async () => {
    const { model, weights } = await load(name);
    const gradients = gradientsOf(model, weights);
    expect([...gradients.keys()].map((key) => `base_model.model.${key}`).sort()).toEqual(
      Object.keys(golden.gradients).sort(),
    );
    for (const [key, values] of gradients) {
      const expected = golden.gradients[`base_model.model.${key}`]!;
      const largest = Math.max(...expected.map(Math.abs));
      expect(largestDifference(values, expected) / largest, key).toBeLessThan(TOLERANCE);
    }
  });
});
