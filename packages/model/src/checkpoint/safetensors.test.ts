import fc from 'fast-check';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { FROM_FLOAT32, type StoredDtype } from './dtypes.ts';
import { CheckpointError } from './errors.ts';
import { openSafetensors, readSafetensors, writeSafetensors, type TensorEntry } from './safetensors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-safetensors-'));
  return () => rm(folder, { recursive: true });
});

describe('a file written by PyTorch', () => {
  const path = fileURLToPath(new URL('../testdata/half.safetensors', import.meta.url));

  test('is read with the values that PyTorch has', async () => {
    const file = await openSafetensors(path);
    onTestFinished(() => file.close());
    expect(file.metadata).toEqual({ 'made by': 'torch' });
    for (const dtype of ['bfloat16', 'float16', 'float64']) {
      const values = await file.readFloat32(dtype);
      expect(values).toEqual(await file.readFloat32(`${dtype} as float32`));
      expect(values.length).toBeGreaterThan(1000);
    }
    expect(await file.read('int32')).toEqual({
      dtype: 'I32',
      shape: [2, 5],
      data: Int32Array.of(-5, -4, -3, -2, -1, 0, 1, 2, 3, 4),
    });
    expect(await file.read('scalar')).toEqual({ dtype: 'F32', shape: [], data: Float32Array.of(2.5) });
    expect(await file.read('empty')).toEqual({ dtype: 'F32', shape: [0, 3], data: new Float32Array(0) });
  });

  test('float32 is rounded to half precision bit for bit as PyTorch rounds it', async () => {
    const { tensors } = await readSafetensors(path);
    const values = tensors.get('float32')!.data as Float32Array;
    expect(FROM_FLOAT32.BF16(values)).toEqual(tensors.get('bfloat16')!.data);
    expect(FROM_FLOAT32.F16(values)).toEqual(tensors.get('float16')!.data);
  });

  test('NaN stays NaN in half precision, whatever its payload', () => {
    const nans = new Float32Array(Uint32Array.of(0x7f800001, 0x7fffffff, 0xffffffff, 0xff800001, 0x7fc00000).buffer);
    for (const bits of FROM_FLOAT32.BF16(nans)) expect(bits & 0x7fff).toBeGreaterThan(0x7f80);
    for (const bits of FROM_FLOAT32.F16(nans)) expect(bits & 0x7fff).toBeGreaterThan(0x7c00);
  });

  test('a tensor that is absent, or no weight, is refused by name', async () => {
    const file = await openSafetensors(path);
    onTestFinished(() => file.close());
    await expect(file.read('absent')).rejects.toThrow(/half\.safetensors: it has no tensor "absent"/);
    await expect(file.readFloat32('int32')).rejects.toThrow(
      /"int32" has dtype I32, but weights must be F64, F32, F16, BF16/,
    );
  });
});

const ARRAYS: { [D in StoredDtype]: fc.Arbitrary<TensorEntry['data']> } = {
  F64: fc.float64Array(),
  F32: fc.float32Array(),
  F16: fc.uint16Array(),
  BF16: fc.uint16Array(),
  I64: fc.bigInt64Array(),
  I32: fc.int32Array(),
  I16: fc.int16Array(),
  I8: fc.int8Array(),
  U64: fc.bigUint64Array(),
  U32: fc.uint32Array(),
  U16: fc.uint16Array(),
  U8: fc.uint8Array(),
  BOOL: fc.uint8Array({ max: 1 }),
};

test('what is written is read back: any names, dtypes and metadata, in any order', async () => {
  const dtypes = Object.keys(ARRAYS) as StoredDtype[];
  const tensor = fc.constantFrom(...dtypes).chain((dtype) => ARRAYS[dtype].map((data) => ({ dtype, data })));
  const name = fc.string().filter((text) => text !== '__metadata__');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, tensor), { selector: ([n]) => n }),
      fc.dictionary(name, fc.string()),
      async (list, metadata) => {
        const entries = list.map(
          ([n, t]) => ({ name: n, shape: [(t.data as Uint8Array).length], ...t }) as TensorEntry,
        );
        const path = join(folder, 'any.safetensors');
        await writeSafetensors(path, entries, metadata);
        const read = await readSafetensors(path);
        expect(read.tensors).toEqual(new Map(entries.map(({ name: n, ...stored }) => [n, stored])));
        expect({ ...read.metadata }).toEqual({ ...metadata });
      },
    ),
    { numRuns: 60 },
  );
});

describe('writing', () => {
  const path = (): string => join(folder, 'a.safetensors');
  const entry = (data: TensorEntry['data'] = Float32Array.of(1, 2)): TensorEntry =>
    ({ name: 'w', dtype: 'F32', shape: [2], data }) as TensorEntry;

  test('asks for each tensor only when its turn comes', async () => {
    const asked: string[] = [];
    const lazy = (name: string): TensorEntry => ({
      name,
      dtype: 'F32',
      shape: [1],
      data: async () => (asked.push(name), Float32Array.of(asked.length)),
    });
    await writeSafetensors(path(), [lazy('a'), lazy('b')]);
    expect(asked).toEqual(['a', 'b']);
    expect((await readSafetensors(path())).tensors.get('b')!.data).toEqual(Float32Array.of(2));
  });

  test('that fails half-way leaves the older file as it was, and nothing else', async () => {
    await writeSafetensors(path(), [entry()]);
    const before = await readFile(path());
    const failing = entry(async (): Promise<never> => {
      throw new Error('device lost');
    });
    await expect(writeSafetensors(path(), [{ ...entry(), name: 'first' }, failing])).rejects.toThrow(
      /cannot be written: device lost/,
    );
    expect(await readFile(path())).toEqual(before);
    expect(await readdir(folder)).toEqual(['a.safetensors']);
  });

  test('refuses data that does not fit its shape or dtype, and a name given twice', async () => {
    await expect(writeSafetensors(path(), [entry(Float32Array.of(1))])).rejects.toThrow(
      /"w" of shape \[2\] .* needs 8 bytes, .* Float32Array of 4 bytes/,
    );
    await expect(writeSafetensors(path(), [entry(Float64Array.of(1) as never)])).rejects.toThrow(
      /Float64Array of 8 bytes/,
    );
    await expect(writeSafetensors(path(), [entry(), entry()])).rejects.toThrow(
      /"w" cannot be written: the name is used twice/,
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a tensor larger than what is decoded at a time is put together in order', async () => {
  const path = join(folder, 'large.safetensors');
  const values = Float32Array.from({ length: 2 ** 21 + 5 }, (_, i) => Math.floor(i / 2 ** 14)); // whole numbers below 256 are exact in bfloat16
  const tail = { name: 'tail', dtype: 'BF16', shape: [1], data: FROM_FLOAT32.BF16(Float32Array.of(7)) } as const;
  await writeSafetensors(path, [
    { name: 'w', dtype: 'BF16', shape: [values.length], data: FROM_FLOAT32.BF16(values) },
    tail,
  ]);
  const file = await openSafetensors(path);
  onTestFinished(() => file.close());
  expect(Buffer.compare(new Uint8Array((await file.readFloat32('w')).buffer), new Uint8Array(values.buffer))).toBe(0);
  expect(await file.readFloat32('tail')).toEqual(Float32Array.of(7));
});

test('a file that is cut while it is open gives an error, not wrong weights', async () => {
  const path = join(folder, 'a.safetensors');
  await writeSafetensors(path, [{ name: 'w', dtype: 'F32', shape: [100], data: new Float32Array(100) }]);
  const file = await openSafetensors(path);
  onTestFinished(() => file.close());
  await truncate(path, 200);
  await expect(file.readFloat32('w')).rejects.toThrow(/ended inside tensor "w"/);
  await expect(openSafetensors(path)).rejects.toThrow(/tensor "w" ends at byte 400 .* truncated/);
});

test('a path that is no file says so', async () => {
  await expect(openSafetensors(join(folder, 'none'))).rejects.toThrow(/none: cannot be read: there is no such file/);
  await expect(openSafetensors(folder)).rejects.toThrow(CheckpointError);
  await writeFile(join(folder, 'pointer'), 'version https://git-lfs.github.com/spec/v1\n');
  await expect(openSafetensors(join(folder, 'pointer'))).rejects.toThrow(/not a safetensors file/);
});
