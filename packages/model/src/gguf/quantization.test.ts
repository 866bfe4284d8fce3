import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isKnown, QUANTIZATION_NAMES, quantizationOf, storedBlocks } from './quantization.ts';

/** What tools/goldens/gguf_files.py writes: random blocks and their values by the Python gguf package, in base64. */
const { cases } = JSON.parse(
  await readFile(fileURLToPath(new URL('../testdata/gguf/blocks.json', import.meta.url)), 'utf8'),
) as { readonly cases: Readonly<Record<string, { readonly stored: string; readonly values: string }>> };

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, 'base64'));

describe('every quantization', () => {
  it('has a golden', () => {
    expect(Object.keys(cases).sort()).toEqual(QUANTIZATION_NAMES.toSorted());
  });
});

describe.each(Object.entries(cases))('%s', (name, golden) => {
  const stored = bytesOf(golden.stored);
  const expected = new Float32Array(bytesOf(golden.values).buffer);
  if (!isKnown(name)) throw new Error(`${name} is not known`);
  const { values, bytes, decode } = quantizationOf(name);
  const count = stored.length / bytes;

  it('gives the values of the gguf package, bit for bit', () => {
    expect(count).toBe(expected.length / values);
    expect(new Set(expected).size).toBeGreaterThan(20); // of which many differ
    const target = new Float32Array(expected.length);
    decode(storedBlocks(stored), count, target);
    expect(target).toEqual(expected);
  });

  it('writes only the values of the blocks asked for', () => {
    const target = new Float32Array(expected.length).fill(7);
    decode(storedBlocks(stored.slice(0, bytes)), 1, target.subarray(0, values));
    expect(target.subarray(0, values)).toEqual(expected.subarray(0, values));
    expect(target.subarray(values).every((value) => value === 7)).toBe(true);
  });
});
