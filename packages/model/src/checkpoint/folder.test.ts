import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openCheckpoint, type CheckpointReader } from './readFolder.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import { readTokenizerFiles, saveCheckpoint, type CheckpointTensor, type SaveOptions } from './saveFolder.ts';

/** The same random model as transformers saved it: in one float32 file, and in bfloat16 shards. */
const SINGLE = fileURLToPath(new URL('../testdata/tiny-llama', import.meta.url));
const SHARDED = fileURLToPath(new URL('../testdata/tiny-llama-sharded', import.meta.url));
const INDEX = 'model.safetensors.index.json';

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'tether-checkpoint-'));
  return () => rm(scratch, { recursive: true });
});

async function open(folder: string): Promise<CheckpointReader> {
  const reader = await openCheckpoint(folder);
  onTestFinished(() => reader.close());
  return reader;
}

async function valuesOf(folder: string): Promise<Map<string, Float32Array>> {
  const reader = await open(folder);
  const values = new Map<string, Float32Array>();
  for (const name of [...reader.tensors.keys()].sort()) values.set(name, await reader.read(name));
  return values;
}

/** A copy of the sharded model, to be damaged. */
async function shardedCopy(): Promise<string> {
  const folder = join(scratch, 'sharded');
  await cp(SHARDED, folder, { recursive: true });
  return folder;
}

async function editIndex(folder: string, edit: (weightMap: Record<string, string>) => void): Promise<void> {
  const index = JSON.parse(await readFile(join(folder, INDEX), 'utf8')) as { weight_map: Record<string, string> };
  edit(index.weight_map);
  await writeFile(join(folder, INDEX), JSON.stringify(index));
}

describe('a folder made by transformers', () => {
  test('gives the same weights from bfloat16 shards as from one float32 file', async () => {
    const single = await valuesOf(SINGLE);
    expect(single.size).toBe(21);
    expect(await valuesOf(SHARDED)).toEqual(single);
    expect((await open(SHARDED)).tensors.get('model.embed_tokens.weight')).toMatchObject({
      dtype: 'BF16',
      shape: [32, 16],
    });
  });

  test('of a bare model, whose names lack their prefix, gives them their full names', async () => {
    const bare = async (tensors: readonly string[]): Promise<string[]> => {
      const folder = join(scratch, tensors[0]!);
      const data = new Float32Array([7]);
      await mkdir(folder);
      await writeSafetensors(
        join(folder, 'model.safetensors'),
        tensors.map((name) => ({ name, dtype: 'F32', shape: [1], data })),
      );
      const reader = await open(folder);
      for (const name of reader.tensors.keys()) expect(await reader.read(name)).toEqual(data);
      return [...reader.tensors.keys()];
    };
    expect(await bare(['wte.weight', 'h.0.ln_1.bias'])).toEqual([
      'transformer.wte.weight',
      'transformer.h.0.ln_1.bias',
    ]);
    expect(await bare(['norm.weight', 'embed_tokens.weight'])).toEqual([
      'model.norm.weight',
      'model.embed_tokens.weight',
    ]);
    expect(await bare(['lm_head.weight', 'model.norm.weight'])).toEqual(['lm_head.weight', 'model.norm.weight']);
  });

  test('without a shard is refused, naming it', async () => {
    const folder = await shardedCopy();
    await rm(join(folder, 'model-00002-of-00003.safetensors'));
    await expect(openCheckpoint(folder)).rejects.toThrow(
      /names 1 of 3 shards that are not in the folder: model-00002-of-00003/,
    );
  });

  test('whose index and shards disagree is refused, naming the tensors', async () => {
    const folder = await shardedCopy();
    await editIndex(folder, (map) => {
      map['model.norm.weight'] = 'model-00001-of-00003.safetensors';
      delete map['lm_head.weight'];
    });
    const opening = openCheckpoint(folder);
    await expect(opening).rejects.toThrow(/"model.norm.weight" is not in model-00001-of-00003.safetensors/);
    await expect(opening).rejects.toThrow(
      /"lm_head.weight" is in model-00003-of-00003.safetensors, where the index does not list it/,
    );
  });

  test('whose index points outside of it is refused', async () => {
    const folder = await shardedCopy();
    await editIndex(folder, (map) => void (map['model.norm.weight'] = '../elsewhere.safetensors'));
    await expect(openCheckpoint(folder)).rejects.toThrow(/must lie in the same folder, but it names "\.\.\/elsewhere/);
  });

  test('with a broken index, with pickled weights only, or absent, says so', async () => {
    const folder = await shardedCopy();
    await writeFile(join(folder, INDEX), '{"weight_map": 3}');
    await expect(openCheckpoint(folder)).rejects.toThrow(/index\.json: it must hold a "weight_map"/);
    await writeFile(join(folder, INDEX), '{');
    await expect(openCheckpoint(folder)).rejects.toThrow(/index\.json: it is not valid JSON/);
    await writeFile(join(scratch, 'pytorch_model.bin'), '');
    await expect(openCheckpoint(scratch)).rejects.toThrow(
      /neither model\.safetensors nor .*; pytorch_model\.bin must first be saved as safetensors/,
    );
    await expect(openCheckpoint(join(scratch, 'none'))).rejects.toThrow(
      /none: cannot be read: there is no such file or folder/,
    );
  });
});

describe('saving', () => {
  const tensors = async (): Promise<CheckpointTensor[]> => {
    const reader = await open(SINGLE);
    return [...reader.tensors].map(([name, { shape }]) => ({ name, shape, data: () => reader.read(name) }));
  };
  const save = async (folder: string, options: Partial<SaveOptions> = {}): Promise<void> =>
    saveCheckpoint(folder, { config: { model_type: 'llama', dtype: 'float32' }, tensors: await tensors(), ...options });
  const json = async (...path: string[]): Promise<unknown> =>
    JSON.parse(await readFile(join(scratch, ...path), 'utf8'));

  test('and loading gives the same weights, config and further files', async () => {
    await save(join(scratch, 'deep', 'out'), {
      files: new Map([['tokenizer.json', '{}']]),
      generationConfig: { eos_token_id: [2] },
    });
    expect(await valuesOf(join(scratch, 'deep', 'out'))).toEqual(await valuesOf(SINGLE));
    expect(await json('deep', 'out', 'config.json')).toEqual({ model_type: 'llama', dtype: 'float32' });
    expect(await json('deep', 'out', 'generation_config.json')).toEqual({ eos_token_id: [2] });
    expect([...(await readTokenizerFiles(join(scratch, 'deep', 'out'))).keys()]).toEqual(['tokenizer.json']);
    expect(await readdir(join(scratch, 'deep'))).toEqual(['out']);
  });

  test('in bfloat16 shards keeps within the size, lists every tensor, and says so in the config', async () => {
    const folder = join(scratch, 'out');
    await save(folder, { dtype: 'BF16', maxShardBytes: 3000, config: { torch_dtype: 'float32' } });
    expect(await valuesOf(folder)).toEqual(await valuesOf(SINGLE)); // these values are exact in bfloat16
    expect(await json('out', 'config.json')).toEqual({ torch_dtype: 'bfloat16' });
    const shards = (await readdir(folder)).filter((name) => name.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(3);
    for (const shard of shards) {
      const file = await openSafetensors(join(folder, shard));
      onTestFinished(() => file.close());
      expect(file.metadata).toEqual({ format: 'pt' });
      expect(Math.max(...[...file.tensors.values()].map(({ end }) => end))).toBeLessThanOrEqual(3000);
    }
    expect(await json('out', INDEX)).toMatchObject({ metadata: { total_size: 2 * 4944 } });
  });

  test('into a folder that is not empty is refused unless asked for, and then replaces it as a whole', async () => {
    const folder = join(scratch, 'out');
    await save(folder, { maxShardBytes: 3000 });
    const before = await readdir(folder);
    await expect(save(folder)).rejects.toThrow(/out: it exists and is not empty/);
    expect(await readdir(folder)).toEqual(before);
    await save(folder, { overwrite: true });
    expect(await readdir(folder)).toEqual(['config.json', 'model.safetensors']); // no shard of the old one is left
    expect(await readdir(scratch)).toEqual(['out']);
  });

  test('never deletes what is not part of a checkpoint', async () => {
    const folder = join(scratch, 'out');
    await save(folder);
    await writeFile(join(folder, 'notes.txt'), 'precious');
    await expect(save(folder, { overwrite: true })).rejects.toThrow(/holds more than a checkpoint: notes\.txt/);
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('precious');
  });

  test('in shards keeps tensors whose names look like object internals', async () => {
    const folder = join(scratch, 'out');
    const named = ['__proto__', 'constructor', '7'].map((name, i) => ({ name, shape: [1], data: Float32Array.of(i) }));
    await save(folder, { tensors: named, maxShardBytes: 4 });
    expect(await valuesOf(folder)).toEqual(new Map(named.map(({ name, data }) => [name, data])));
  });

  test('an empty folder is filled', async () => {
    await mkdir(join(scratch, 'out'));
    await save(join(scratch, 'out'));
    expect(await readdir(join(scratch, 'out'))).toContain('model.safetensors');
  });

  test('that fails leaves the old folder as it was, and nothing else', async () => {
    const folder = join(scratch, 'out');
    await save(folder);
    const before = await valuesOf(folder);
    const failing = { name: 'w', shape: [1], data: () => Promise.reject(new Error('device lost')) };
    const saving = save(folder, { overwrite: true, tensors: [...(await tensors()), failing] });
    await expect(saving).rejects.toThrow(
      /out: nothing was saved: .*out\/model\.safetensors: cannot be written: device lost/,
    );
    expect(await valuesOf(folder)).toEqual(before);
    expect(await readdir(scratch)).toEqual(['out']);
  });
});
