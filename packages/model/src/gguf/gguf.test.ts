import fc from 'fast-check';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError, openCheckpoint } from '../checkpoint/index.ts';
import { checkParameters, loadModelConfig, ModelConfigError, modelParameters } from '../config/index.ts';
import { loadTokenizer } from '../tokenizer/index.ts';
import { openGguf } from './file.ts';

const testdata = fileURLToPath(new URL('../testdata', import.meta.url));
const LLAMA = join(testdata, 'gguf/tiny-llama.gguf');
const GEMMA = join(testdata, 'gguf/tiny-gemma3.gguf');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-gguf-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A folder with one GGUF file of these bytes. */
async function folderWith(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'model.gguf'), bytes);
  return path;
}

async function readAll(path: string): Promise<Map<string, Float32Array>> {
  const { config } = await loadModelConfig(path);
  const reader = await openCheckpoint(path);
  try {
    expect(await checkParameters(reader, config)).toEqual([]);
    const weights = new Map<string, Float32Array>();
    for (const { name } of modelParameters(config)) weights.set(name, await reader.read(name));
    return weights;
  } finally {
    await reader.close();
  }
}

describe('the folder of a GGUF file', () => {
  it('gives a Llama the config and weights of its Hugging Face folder', async () => {
    const path = await folderWith('llama', await readFile(LLAMA));
    const original = join(testdata, 'tiny-llama');
    expect((await loadModelConfig(path)).config).toEqual((await loadModelConfig(original)).config);
    expect(await readAll(path)).toEqual(await readAll(original));
  });

  it('gives a Gemma 3 its config, and norms without the 1 that the file adds', async () => {
    const path = await folderWith('gemma', await readFile(GEMMA));
    const { config } = await loadModelConfig(path);
    expect(config).toMatchObject({
      modelType: 'gemma3_text',
      hiddenSize: 32,
      headDim: 8,
      queryScale: 1 / Math.sqrt(8),
      rmsNormEps: 1e-6, // which the file holds in float32
      rope: { type: 'linear', theta: 1_000_000, factor: 8 },
      localRope: { type: 'default', theta: 10_000 },
      tieWordEmbeddings: true,
    });
    const weights = await readAll(path);
    const expected = JSON.parse(await readFile(GEMMA.replace(/gguf$/, 'json'), 'utf8')) as Record<string, string>;
    expect(weights.size).toBe(Object.keys(expected).length);
    const valuesOf = (name: string): Float32Array =>
      new Float32Array(Uint8Array.from(Buffer.from(expected[name]!, 'base64')).buffer);
    expect(weights.get('model.norm.weight')).toEqual(valuesOf('output_norm.weight'));
    expect(weights.get('model.layers.1.pre_feedforward_layernorm.weight')).toEqual(valuesOf('blk.1.ffn_norm.weight'));
    expect(weights.get('model.layers.1.self_attn.q_norm.weight')).toEqual(valuesOf('blk.1.attn_q_norm.weight'));
    expect(weights.get('model.layers.0.self_attn.q_proj.weight')).toEqual(valuesOf('blk.0.attn_q.weight')); // Q8_0
    expect(weights.get('model.layers.0.self_attn.o_proj.weight')).toEqual(valuesOf('blk.0.attn_output.weight')); // F16
  });

  it('takes a config.json beside the file', async () => {
    const path = await folderWith('beside', await readFile(LLAMA));
    const json = JSON.parse(await readFile(join(testdata, 'tiny-llama/config.json'), 'utf8')) as object;
    await writeFile(join(path, 'config.json'), JSON.stringify({ ...json, rms_norm_eps: 0.01 }));
    expect((await loadModelConfig(path)).config).toMatchObject({ rmsNormEps: 0.01 });
    expect((await readAll(path)).size).toBeGreaterThan(0);
  });

  it('needs a tokenizer.json, and says who writes it', async () => {
    const path = await folderWith('no-tokenizer', await readFile(LLAMA));
    await expect(loadTokenizer(path)).rejects.toThrow('from_pretrained(folder, gguf_file="model.gguf")');
  });

  it('must be of one file', async () => {
    const path = await folderWith('two', await readFile(LLAMA));
    await copyFile(GEMMA, join(path, 'other.gguf'));
    await expect(openCheckpoint(path)).rejects.toThrow(
      'several GGUF files, but a model must be in one: model.gguf, other',
    );
  });
});

/** The file with the bytes of a text replaced, as often as it occurs. */
function replaced(bytes: Uint8Array, text: string, by: string): Uint8Array {
  if (text.length !== by.length) throw new Error('lengths must not move the rest of the file');
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(text, by), 'latin1');
}

describe('a GGUF file that is not read', () => {
  it('is named with its architecture', async () => {
    const bytes = replaced(await readFile(GEMMA), 'gemma3', 'gemma9');
    const loading = loadModelConfig(await folderWith('architecture', bytes));
    await expect(loading).rejects.toThrow(ModelConfigError);
    await expect(loading).rejects.toThrow('general.architecture: "gemma9" is not supported (one of llama, qwen2');
  });

  it('is named with every quantization that is not known, and an example', async () => {
    const bytes = Buffer.from(await readFile(LLAMA));
    const at = bytes.indexOf('blk.0.attn_q.weight') + 'blk.0.attn_q.weight'.length + 4 + 2 * 8; // behind its two sizes
    bytes.writeUInt32LE(22, at);
    await expect(openCheckpoint(await folderWith('type', bytes))).rejects.toThrow(
      'tensors are stored as IQ2_S (1, such as "blk.0.attn_q.weight"), which is not read; read are F32, F16,',
    );
  });

  it('is named with the metadata that it lacks', async () => {
    const bytes = replaced(
      replaced(await readFile(LLAMA), 'context_length', 'context_lengte'),
      'block_count',
      'block_coun_',
    );
    await expect(loadModelConfig(await folderWith('metadata', bytes))).rejects.toThrow(
      /has no block_count[^]*has no context_length/,
    );
  });
});

describe('a GGUF file that lies', () => {
  const opening = async (name: string, change: (bytes: Buffer) => Uint8Array): Promise<unknown> => {
    const path = await folderWith(name, change(Buffer.from(await readFile(LLAMA))));
    return openGguf(join(path, 'model.gguf')).then((file) => file.close());
  };
  /** Byte behind a tensor's two sizes and type: its offset. */
  const offsetOf = (bytes: Buffer, tensor: string): number => bytes.indexOf(tensor) + tensor.length + 4 + 2 * 8 + 4;

  it('about its magic or version is refused', async () => {
    await expect(opening('magic', (bytes) => bytes.fill('x', 0, 4))).rejects.toThrow('it is no GGUF file');
    await expect(opening('empty', () => new Uint8Array(3))).rejects.toThrow('it is no GGUF file');
    await expect(
      opening('version', (bytes) => {
        bytes.writeUInt32LE(1, 4);
        return bytes;
      }),
    ).rejects.toThrow('it is of GGUF version 1');
  });

  it.each([
    ['tensors', 8],
    ['metadata entries', 16],
  ])('about how many %s it has is refused before anything is made of them', async (what, at) => {
    const opened = opening(`count-${at}`, (bytes) => {
      bytes.writeBigUInt64LE(2n ** 63n, at);
      return bytes;
    });
    await expect(opened).rejects.toThrow(new RegExp(`promises .*${what}.*more than its \\d+ bytes can hold`));
  });

  it('about where a tensor lies is refused by its name', async () => {
    const moved = (name: string, offset: bigint): Promise<unknown> =>
      opening(name, (bytes) => {
        bytes.writeBigUInt64LE(offset, offsetOf(bytes, 'blk.1.ffn_up.weight'));
        return bytes;
      });
    await expect(moved('beyond', 2n ** 40n)).rejects.toThrow(
      '"blk.1.ffn_up.weight" reaches beyond the end of the file',
    );
    await expect(moved('over', 32n)).rejects.toThrow(/tensor "blk\S+" lies over tensor "|"\S+" lies over tensor/);
    await expect(moved('unaligned', 7n)).rejects.toThrow('which is not a multiple of 32');
    await expect(moved('unsafe', 2n ** 63n)).rejects.toThrow('"blk.1.ffn_up.weight" starts at byte');
  });

  it('about a length of text is refused', async () => {
    const opened = opening('text', (bytes) => {
      bytes.writeBigUInt64LE(2n ** 62n, 24); // of the first key
      return bytes;
    });
    await expect(opened).rejects.toThrow('its header cannot be read: ');
  });

  it('or ends early is refused or read, never anything else, wherever it is changed', async () => {
    const whole = await readFile(LLAMA);
    const header = whole.indexOf('output.weight') + 64;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(header), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(whole.length)),
        async (changes, length) => {
          const bytes = Uint8Array.from(whole).slice(0, length ?? whole.length);
          for (const { at, byte } of changes) bytes[at] = byte;
          const path = await folderWith('any', bytes);
          try {
            await (await openCheckpoint(path)).close();
            await loadModelConfig(path);
          } catch (error) {
            expect(error instanceof CheckpointError || error instanceof ModelConfigError, String(error)).toBe(true);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
