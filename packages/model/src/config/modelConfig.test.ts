import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { modelConfigJson, modelParameters } from './architectures.ts';
import { loadModelConfig, parseModelConfig } from './loadModelConfig.ts';
import type { DecoderConfig } from './decoder/index.ts';
import { inverseFrequencies } from './rope/index.ts';

interface Golden {
  readonly name: string;
  readonly json: Record<string, unknown>;
  readonly inverseFrequencies: readonly number[];
  readonly parameters: Record<string, readonly number[]>;
}
const testdata = (name: string): string => fileURLToPath(new URL(`../testdata/${name}`, import.meta.url));
const goldens = JSON.parse(await readFile(testdata('model-configs.json'), 'utf8')) as Golden[];

/** The config of a model of the Llama family. */
function parseDecoder(json: Readonly<Record<string, unknown>>): DecoderConfig {
  const config = parseModelConfig(json);
  if (config.modelType === 'gpt2') throw new Error('not of the Llama family');
  return config;
}

const minimal = {
  model_type: 'llama',
  vocab_size: 32,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};

describe('as transformers reads it:', () => {
  test.each(goldens)('$name', (golden) => {
    const config = parseDecoder(golden.json);
    const parameters = Object.fromEntries(modelParameters(config).map(({ name, shape }) => [name, shape]));
    expect(parameters).toEqual(golden.parameters);

    const frequencies = inverseFrequencies(config.rope, config.headDim);
    expect(frequencies.length).toBe(golden.inverseFrequencies.length);
    // transformers computes these in float32 (2^-24 ≈ 6e-8 per operation, about five operations); ours are float64.
    golden.inverseFrequencies.forEach((expected, i) =>
      expect(Math.abs(frequencies[i]! / expected - 1)).toBeLessThan(5e-7),
    );
  });
});

test('a config survives being written as config.json and read again', () => {
  for (const { json } of goldens) {
    const config = parseModelConfig(json);
    expect(parseModelConfig(modelConfigJson(config))).toEqual(config);
  }
});

test("fields left out or null take transformers' defaults", () => {
  const config = parseModelConfig({
    ...minimal,
    head_dim: null,
    num_key_value_heads: null,
    pad_token_id: null,
    rope_scaling: null,
  });
  expect(config).toMatchObject({
    headDim: 4,
    numKeyValueHeads: 4,
    rmsNormEps: 1e-6,
    rope: { type: 'default', theta: 10_000 },
    tieWordEmbeddings: false,
    maxPositionEmbeddings: 2048,
    initializerRange: 0.02,
    padTokenId: undefined,
    eosTokenIds: [],
  });
});

test('a base inside the RoPE fields comes before the one outside', () => {
  const rope = { rope_theta: 5, rope_parameters: { rope_type: 'linear', factor: 2, rope_theta: 7 } };
  expect(parseDecoder({ ...minimal, ...rope }).rope).toEqual({ type: 'linear', factor: 2, theta: 7 });
});

describe('what is not supported is refused by name:', () => {
  const cases: [what: string, change: Record<string, unknown>, message: RegExp][] = [
    [
      'a model type',
      { model_type: 'mamba' },
      /model_type: "mamba" is not supported \(supported: "llama", "mistral", .*"gpt2"\)/,
    ],
    ['no model type', { model_type: undefined }, /model_type: is missing/],
    ['an activation', { hidden_act: 'gelu' }, /hidden_act: "gelu" is not supported \(supported: "silu"\)/],
    [
      'a RoPE variant',
      { rope_scaling: { type: 'axial', factor: 2 } },
      /rope_scaling\.rope_type: "axial" is not supported .*"llama3"/,
    ],
    ['RoPE on part of a head', { partial_rotary_factor: 0.5 }, /partial_rotary_factor: 0\.5 is not supported/],
    ['attention dropout', { attention_dropout: 0.1 }, /attention_dropout: 0\.1 is not supported/],
    [
      'quantized weights',
      { quantization_config: { bits: 4 } },
      /quantization_config: a quantized checkpoint is not supported/,
    ],
    [
      'heads that do not divide',
      { num_attention_heads: 3 },
      /hidden_size: 16 is not a multiple of the 3 attention heads/,
    ],
    ['key/value heads that do not divide', { num_key_value_heads: 3 }, /4 attention heads cannot be shared among 3/],
    [
      'RoPE that depends on what the model has seen',
      { rope_scaling: { type: 'dynamic', factor: 2 } },
      /rope_scaling\.rope_type: "dynamic" is not supported: its frequencies depend on the longest row/,
    ],
    [
      'LongRoPE with lists of another length',
      { rope_scaling: { type: 'longrope', short_factor: [1], long_factor: [2, 3] } },
      /short_factor: has 1 numbers, but 2 pairs .*\n.*long_factor.*|rope_scaling\.short_factor: has 1 numbers, but 2 pairs/,
    ],
    [
      'a part of each head, inside the RoPE options',
      { rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } },
      /rope_parameters\.partial_rotary_factor: 0\.5 is not supported/,
    ],
    ['an odd head size', { head_dim: 5 }, /head_dim: 5 is odd/],
  ];
  test.each(cases)('%s', (_, change, message) => {
    expect(() => parseModelConfig({ ...minimal, ...change })).toThrow(message);
  });
});

describe('what another architecture does not support is refused by name:', () => {
  const cases: [what: string, json: Record<string, unknown>, message: RegExp][] = [
    [
      'windows of some Mistral layers',
      { model_type: 'mistral', layer_types: [] },
      /layer_types: a window in some layers only is not supported/,
    ],
    [
      'a window without a size',
      { model_type: 'qwen2', layer_types: ['sliding_attention', 'full_attention'] },
      /layer_types: names sliding_attention, but use_sliding_window is false/,
    ],
    [
      'kinds of layers',
      { model_type: 'qwen3', layer_types: ['linear_attention', 'full_attention'] },
      /layer_types\.0: "linear_attention" is not supported/,
    ],
    [
      'too few kinds of layers',
      { model_type: 'gemma2', layer_types: ['full_attention'] },
      /layer_types: has 1 entries for 2 layers/,
    ],
    [
      'attention in both directions',
      { model_type: 'gemma2', use_bidirectional_attention: true },
      /use_bidirectional_attention: true is not supported/,
    ],
    ['another gate', { model_type: 'gemma2', hidden_activation: 'gelu' }, /hidden_activation: "gelu" is not supported/],
    [
      'capped scores of Gemma 3',
      { model_type: 'gemma3_text', attn_logit_softcapping: 50 },
      /attn_logit_softcapping: capping the scores/,
    ],
    ['Gemma 3 with images', { model_type: 'gemma3' }, /model_type: "gemma3" is not supported/],
    [
      'scaled windows of Gemma 3',
      { model_type: 'gemma3_text', rope_parameters: { sliding_attention: { rope_type: 'linear', factor: 2 } } },
      /rope_parameters\.sliding_attention\.rope_type: "linear" is not supported for layers with a window/,
    ],
    ['dropout on the residual', { model_type: 'phi3', resid_pdrop: 0.1 }, /resid_pdrop: 0\.1 is not supported/],
    [
      'another RoPE of Phi-3',
      { model_type: 'phi3', rope_scaling: { type: 'linear', factor: 2 } },
      /rope_scaling\.rope_type: "linear" is not supported \(supported: "default", "longrope"\)/,
    ],
    [
      'an odd part of each head',
      { model_type: 'phi3', partial_rotary_factor: 0.75 },
      /partial_rotary_factor: turns 3 of 4 dimensions/,
    ],
    ['too few entries', { model_type: 'smollm3', no_rope_layers: [1] }, /no_rope_layers: has 1 entries for 2 layers/],
    [
      'cross-attention',
      { model_type: 'gpt2', n_embd: 8, n_head: 2, n_layer: 1, add_cross_attention: true },
      /add_cross_attention: true is not supported/,
    ],
    [
      'another activation of GPT-2',
      { model_type: 'gpt2', n_embd: 8, n_head: 2, n_layer: 1, activation_function: 'relu' },
      /activation_function: "relu" is not supported/,
    ],
    [
      'heads of GPT-2 that do not divide',
      { model_type: 'gpt2', n_embd: 8, n_head: 3, n_layer: 1 },
      /n_embd: 8 is not a multiple of the 3 attention heads/,
    ],
  ];
  test.each(cases)('%s', (_, json, message) => {
    expect(() => parseModelConfig({ ...minimal, ...json })).toThrow(message);
  });
});

test('every problem of a config is reported at once', () => {
  const bad = { model_type: 'llama', vocab_size: 0, hidden_size: '16', hidden_act: 'relu', num_hidden_layers: 1.5 };
  const message =
    /^config\.json:(?=.*vocab_size)(?=.*hidden_size)(?=.*hidden_act)(?=.*num_hidden_layers)(?=.*num_attention_heads: is missing)/s;
  expect(() => parseModelConfig(bad)).toThrow(message);
});

describe('a folder', () => {
  test("with a generation config takes that one's end tokens, and keeps every field of both files", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tether-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(testdata('tiny-llama/config.json'), join(folder, 'config.json'));
    expect((await loadModelConfig(folder)).config.eosTokenIds).toEqual([2]);
    await writeFile(join(folder, 'generation_config.json'), '{"eos_token_id": [2, 9], "temperature": 0.6}');
    const { config, json, generationJson } = await loadModelConfig(folder);
    expect(config.eosTokenIds).toEqual([2, 9]);
    expect(json).toMatchObject({ architectures: ['LlamaForCausalLM'], eos_token_id: 2 });
    expect(generationJson).toEqual({ eos_token_id: [2, 9], temperature: 0.6 });

    await writeFile(join(folder, 'generation_config.json'), '{"eos_token_id": "stop"}');
    await expect(loadModelConfig(folder)).rejects.toThrow(/generation_config\.json: eos_token_id/);
    await writeFile(join(folder, 'config.json'), '{"model_type": ');
    await expect(loadModelConfig(folder)).rejects.toThrow(/config\.json: cannot be read: .*JSON/);
    await rm(join(folder, 'config.json'));
    await expect(loadModelConfig(folder)).rejects.toThrow(/config\.json: there is no such file/);
  });
});
