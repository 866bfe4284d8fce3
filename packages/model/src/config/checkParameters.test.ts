import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openCheckpoint, type CheckpointReader } from '../checkpoint/index.ts';
import { modelParameters, type ModelConfig } from './architectures.ts';
import { checkParameters, collapseLayers } from './checkParameters.ts';
import { loadModelConfig } from './loadModelConfig.ts';

const TINY = fileURLToPath(new URL('../testdata/tiny-llama', import.meta.url));
const { config } = await loadModelConfig(TINY);

type Tensors = Record<string, { shape: readonly number[]; dtype?: 'F32' | 'I64'; values?: Float32Array }>;

/** A checkpoint in memory that holds exactly the model's parameters, zeros, changed as told. */
function checkpoint(of: ModelConfig, change: (tensors: Tensors) => void = () => undefined): CheckpointReader {
  const tensors: Tensors = Object.fromEntries(modelParameters(of).map(({ name, shape }) => [name, { shape }]));
  change(tensors);
  return {
    folder: 'policy',
    tensors: new Map(Object.entries(tensors).map(([name, { shape, dtype = 'F32' }]) => [name, { shape, dtype }])),
    read: async (name) => tensors[name]?.values ?? new Float32Array(tensors[name]!.shape.reduce((a, b) => a * b, 1)),
    close: async () => undefined,
  };
}

test('a checkpoint of transformers fits its own config', async () => {
  const reader = await openCheckpoint(TINY);
  expect(await checkParameters(reader, config)).toEqual([]);
  await reader.close();
});

test('missing, unexpected, mis-shaped and mistyped tensors are all named at once', async () => {
  const reader = checkpoint(config, (tensors) => {
    delete tensors['model.layers.0.mlp.up_proj.weight'];
    delete tensors['model.layers.1.mlp.up_proj.weight'];
    tensors['score.weight'] = { shape: [1, 16] };
    tensors['model.norm.weight'] = { shape: [17] };
    tensors['lm_head.weight'] = { shape: [32, 16], dtype: 'I64' };
  });
  const checking = checkParameters(reader, config);
  await expect(checking).rejects.toThrow('policy: its weights do not fit its config.json');
  await expect(checking).rejects.toThrow('missing (2): model.layers.{0-1}.mlp.up_proj.weight');
  await expect(checking).rejects.toThrow('unexpected (1): score.weight');
  await expect(checking).rejects.toThrow('shape [17], but the config asks for [16]: model.norm.weight');
  await expect(checking).rejects.toThrow('dtype I64, but weights must be F64, F32, F16, BF16: lm_head.weight');
});

test('rotary buffers of old checkpoints are passed over, and reported', async () => {
  const buffer = 'model.layers.0.self_attn.rotary_emb.inv_freq';
  const reader = checkpoint(config, (tensors) => void (tensors[buffer] = { shape: [2] }));
  expect(await checkParameters(reader, config)).toEqual([buffer]);
});

describe('a head that is stored although it is tied', () => {
  const tied = { ...config, tieWordEmbeddings: true };
  const withHead = (shape: readonly number[], value: number): CheckpointReader =>
    checkpoint(
      tied,
      (tensors) => void (tensors['lm_head.weight'] = { shape, values: new Float32Array(32 * 16).fill(value) }),
    );

  test('is passed over when it equals the embedding', async () => {
    expect(await checkParameters(withHead([32, 16], 0), tied)).toEqual(['lm_head.weight']);
  });

  test('is refused when it differs in values or shape', async () => {
    await expect(checkParameters(withHead([32, 16], 1), tied)).rejects.toThrow(
      /ties lm_head\.weight to model\.embed_tokens\.weight, but the two differ/,
    );
    await expect(checkParameters(withHead([33, 16], 0), tied)).rejects.toThrow(
      /shape \[33, 16\], but the config asks for \[32, 16\]: lm_head\.weight/,
    );
  });
});

test('names that differ only in the layer are written as one, with every layer in it', () => {
  expect(collapseLayers(['h.0.w', 'a.b', 'h.2.w', 'h.1.w', 'h.7.w', 'h.3.v'])).toEqual(['h.{0-2,7}.w', 'a.b', 'h.3.v']);
});
