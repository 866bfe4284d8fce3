import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../checkpoint/index.ts';
import { loadModelConfig, parseModelConfig } from '../config/index.ts';
import { languageModel } from '../languageModel.ts';
import { randomWeights, SMALL_ARCHITECTURES } from '../testing/models.ts';
import { plainRow, run, type Weights } from '../testing/rows.ts';
import {
  initialAdapter,
  loadAdapterConfig,
  loraConfig,
  loraSchema,
  mergeAdapter,
  readAdapter,
  saveAdapter,
  type LoraConfig,
} from './index.ts';

const CONFIG = loraConfig(loraSchema.parse({ rank: 3, alpha: 5 }));
const ROW = plainRow([1, 5, 2, 9, 4]);

const isAdapter = (name: string): boolean => name.includes('.lora_');
const pick = (weights: Weights, adapter: boolean): Map<string, Float32Array> =>
  new Map(
    Object.entries(weights)
      .filter(([name]) => isAdapter(name) === adapter)
      .map(([name, values]) => [name, Float32Array.from(values)]),
  );
const asRecord = (weights: Iterable<readonly [string, ArrayLike<number>]>): Record<string, Float64Array> =>
  Object.fromEntries([...weights].map(([name, values]) => [name, Float64Array.from(values)]));

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, index) => Math.max(most, Math.abs(x - b[index]!)), 0);

describe.each(Object.entries(SMALL_ARCHITECTURES))('adapters of %s', (_, json) => {
  const config = parseModelConfig(json);
  const base = languageModel(config);
  const adapted = languageModel(config, { lora: CONFIG });
  const weights = randomWeights(adapted, 3);

  it('train two small factors for each matrix of the layers, and nothing else', () => {
    const trained = adapted.parameters.filter(({ trainable }) => trainable);
    expect(trained.length).toBeGreaterThan(0);
    expect(trained.every(({ name, shape }) => isAdapter(name) && shape.includes(CONFIG.rank))).toBe(true);
    expect(adapted.referenceParameters).toEqual(base.parameters);
  });

  it('change nothing when they start', () => {
    const start = { ...weights, ...asRecord(initialAdapter(base.parameters, CONFIG, 7)) };
    expect(run(adapted, start, ROW).states).toEqual(run(base, weights, ROW).states);
  });

  it('give what the merged weights give', () => {
    const merged = mergeAdapter(base.parameters, pick(weights, false), pick(weights, true), CONFIG);
    const exact = { ...weights, ...asRecord(pick(weights, false)), ...asRecord(pick(weights, true)) };
    // Merging rounds each weight to float32 once: 6e-8 of numbers up to 20, through two layers.
    expect(largestDifference(run(adapted, exact, ROW).states, run(base, asRecord(merged), ROW).states)).toBeLessThan(
      1e-3,
    );
    expect(largestDifference(run(base, weights, ROW).states, run(adapted, exact, ROW).states)).toBeGreaterThan(1e-2);
  });
});

describe('targets', () => {
  const { parameters } = languageModel(parseModelConfig(SMALL_ARCHITECTURES['llama']!));

  it('may be named', () => {
    const config: LoraConfig = { ...CONFIG, targetModules: ['q_proj', 'v_proj'] };
    const names = [...initialAdapter(parameters, config, 0).keys()];
    expect(names).toHaveLength(2 * 2 * 2); // two factors of two modules in two layers
    expect(names.every((name) => /self_attn\.[qv]_proj\./.test(name))).toBe(true);
  });

  it('that no module has are named, with those there are', () => {
    expect(() => initialAdapter(parameters, { ...CONFIG, targetModules: ['qkv_proj'] }, 0)).toThrow(
      'the model has no linear module qkv_proj; it has q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj',
    );
  });
});

describe('an adapter that PEFT made', () => {
  const testdata = fileURLToPath(new URL('../testdata', import.meta.url));

  it('gives the logits that PEFT gives', async () => {
    const { tokens, logits } = JSON.parse(await readFile(join(testdata, 'tiny-llama-adapter-logits.json'), 'utf8')) as {
      readonly tokens: readonly (readonly number[])[];
      readonly logits: readonly (readonly number[])[];
    };
    const adapter = await loadAdapterConfig(join(testdata, 'tiny-llama-adapter'));
    expect(adapter.config).toMatchObject({ rank: 4, alpha: 6, rslora: true });
    const { config } = await loadModelConfig(adapter.base!);
    const base = languageModel(config);
    const reader = await openCheckpoint(adapter.base!);
    const weights = new Map(await readAdapter(adapter, base.parameters));
    for (const { name } of base.parameters) weights.set(name, await reader.read(name));
    await reader.close();
    const model = languageModel(config, { lora: adapter.config });
    tokens.forEach((row, index) => {
      const last = run(model, asRecord(weights), plainRow(row)).logits.slice(-model.vocabularySize);
      // PEFT computes in float32, in which logits of order 1 are good to some 1e-7.
      expect(largestDifference(last, logits[index]!)).toBeLessThan(2e-6);
    });
  });
});

describe('an adapter folder', () => {
  const { parameters } = languageModel(parseModelConfig(SMALL_ARCHITECTURES['llama']!));
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tether-lora-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const save = async (name: string): Promise<string> => {
    const path = join(folder, name);
    const weights = initialAdapter(parameters, CONFIG, 1);
    await saveAdapter(path, { config: CONFIG, base: '/models/base', parameters, weights });
    return path;
  };

  it('comes back as it was saved', async () => {
    const loaded = await loadAdapterConfig(await save('whole'));
    expect(loaded.base).toBe('/models/base');
    expect(loaded.config).toMatchObject({ rank: 3, alpha: 5, rslora: false, dropout: 0 });
    expect(await readAdapter(loaded, parameters)).toEqual(initialAdapter(parameters, CONFIG, 1));
  });

  it('is refused by name when it asks for what is not there', async () => {
    const path = join(await save('odd'), 'adapter_config.json');
    const json = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...json, use_dora: true, rank_pattern: { q_proj: 4 }, bias: 'all' }));
    const loading = loadAdapterConfig(join(folder, 'odd'));
    await expect(loading).rejects.toThrow('use_dora: true is not supported');
    await expect(loading).rejects.toThrow('rank_pattern: patterns by module are not supported');
    await expect(loading).rejects.toThrow('bias: "all" is not supported');
  });

  it('of another model is refused with every tensor that does not fit', async () => {
    const loaded = await loadAdapterConfig(await save('other'));
    const other = languageModel(parseModelConfig({ ...SMALL_ARCHITECTURES['llama']!, intermediate_size: 14 }));
    await expect(readAdapter(loaded, other.parameters)).rejects.toThrow(
      /shape \[10, 3\], but the model and rank ask for \[14, 3\]/,
    );
  });
});
