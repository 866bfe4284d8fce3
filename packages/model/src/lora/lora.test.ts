import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelConfig } from '../config/index.ts';
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

const DORA: LoraConfig = { ...CONFIG, dora: true };
const CASES = Object.entries(SMALL_ARCHITECTURES).flatMap(([name, json]) => [
  { name, json, lora: CONFIG, title: 'LoRA' },
  { name, json, lora: DORA, title: 'DoRA' },
]);

describe.each(CASES)('$title adapters of $name', ({ json, lora }) => {
  const config = parseModelConfig(json);
  const base = languageModel(config);
  const adapted = languageModel(config, { lora });
  const weights = randomWeights(adapted, 3);

  it('train two small factors and with DoRA a magnitude for each matrix of the layers, and nothing else', () => {
    const trained = adapted.parameters.filter(({ trainable }) => trainable);
    expect(trained.length).toBeGreaterThan(0);
    const isSmall = (shape: readonly number[]): boolean => shape.includes(lora.rank) || shape.length === 1;
    expect(trained.every(({ name, shape }) => isAdapter(name) && isSmall(shape))).toBe(true);
    const magnitudes = trained.filter(({ name }) => name.endsWith('.lora_magnitude_vector'));
    expect(magnitudes).toHaveLength(lora.dora ? trained.length / 3 : 0);
    expect(adapted.referenceParameters).toEqual(base.parameters);
  });

  it('change nothing when they start', () => {
    const adapter = initialAdapter(base.parameters, lora, 7, new Map(Object.entries(weights)));
    const [states, expected] = [adapted, base].map(
      (model) => run(model, { ...weights, ...asRecord(adapter) }, ROW).states,
    );
    // DoRA's magnitudes are stored in float32: 6e-8 of each module's output, through two layers of numbers up to 20.
    if (lora.dora) expect(largestDifference(states!, expected!)).toBeLessThan(1e-4);
    else expect(states).toEqual(expected);
  });

  it('give what the merged weights give', () => {
    const merged = mergeAdapter(base.parameters, pick(weights, false), pick(weights, true), lora);
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
    const names = [...initialAdapter(parameters, config, 0, new Map()).keys()];
    expect(names).toHaveLength(2 * 2 * 2); // two factors of two modules in two layers
    expect(names.every((name) => /self_attn\.[qv]_proj\./.test(name))).toBe(true);
  });

  it('that no module has are named, with those there are', () => {
    expect(() => initialAdapter(parameters, { ...CONFIG, targetModules: ['qkv_proj'] }, 0, new Map())).toThrow(
      'the model has no linear module qkv_proj; it has q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj',
    );
  });
});

describe('an adapter folder', () => {
  const model = languageModel(parseModelConfig(SMALL_ARCHITECTURES['llama']!));
  const { parameters } = model;
  const base = new Map(Object.entries(randomWeights(model, 4)));
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tether-lora-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const save = async (name: string, lora: LoraConfig = CONFIG): Promise<string> => {
    const path = join(folder, name);
    const weights = initialAdapter(parameters, lora, 1, base);
    await saveAdapter(path, { config: lora, base: '/models/base', parameters, weights });
    return path;
  };

  it.each([CONFIG, DORA])('comes back as it was saved, DoRA: $dora', async (lora) => {
    const loaded = await loadAdapterConfig(await save(`whole-${lora.dora}`, lora));
    expect(loaded.base).toBe('/models/base');
    expect(loaded.config).toMatchObject({ rank: 3, alpha: 5, rslora: false, dora: lora.dora, dropout: 0 });
    expect(await readAdapter(loaded, parameters)).toEqual(initialAdapter(parameters, lora, 1, base));
  });

  it('that lacks a magnitude is refused by its name', async () => {
    const path = join(await save('plain'), 'adapter_config.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"use_dora": false', '"use_dora": true'));
    await expect(readAdapter(await loadAdapterConfig(join(folder, 'plain')), parameters)).rejects.toThrow(
      'missing: base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector',
    );
  });

  it('is refused by name when it asks for what is not there', async () => {
    const path = join(await save('odd'), 'adapter_config.json');
    const json = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...json, use_dora: 'yes', rank_pattern: { q_proj: 4 }, bias: 'all' }));
    const loading = loadAdapterConfig(join(folder, 'odd'));
    await expect(loading).rejects.toThrow('use_dora: ');
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
