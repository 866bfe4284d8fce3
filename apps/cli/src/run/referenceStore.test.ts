import type { PlannedReferenceRow } from '@tether/core';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReferenceFile } from './referenceStore.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-reference-'));
});
afterEach(() => rm(folder, { recursive: true }));

const row = (rowNumber: number, values: readonly number[], states?: readonly number[]): PlannedReferenceRow => ({
  rowNumber,
  logps: values.length,
  ...(states === undefined ? {} : { hiddenStates: states.length }),
  compute: () =>
    Promise.resolve({
      logps: Float32Array.from(values),
      ...(states === undefined ? {} : { hiddenStates: Float32Array.from(states) }),
    }),
});

describe('a file of precomputed reference values', () => {
  it('gives back each row, with hidden states where it has them, and knows what it lacks', async () => {
    const file = new ReferenceFile(join(folder, 'cache', 'reference.safetensors'));
    expect(await file.open()).toBeUndefined();
    await file.save([row(1, [-1, -2], [0.5, 0.25, 4]), row(7, [-3])]);
    const rows = (await file.open())!;
    expect(await rows.read(7)).toEqual({ logps: Float32Array.of(-3) });
    expect(await rows.read(1)).toEqual({ logps: Float32Array.of(-1, -2), hiddenStates: Float32Array.of(0.5, 0.25, 4) });
    expect(await rows.read(2)).toBeUndefined();
    await rows.close();
  });

  it('computes rows in their order, and leaves nothing behind where that fails', async () => {
    const file = new ReferenceFile(join(folder, 'reference.safetensors'));
    const computed: number[] = [];
    const noted = (planned: PlannedReferenceRow): PlannedReferenceRow => ({
      ...planned,
      compute() {
        computed.push(planned.rowNumber);
        if (planned.rowNumber === 9) throw new Error('out of memory');
        return planned.compute();
      },
    });
    await expect(file.save([row(3, [-1]), row(1, [-1], [2]), row(9, [-1])].map(noted))).rejects.toThrow(
      'out of memory',
    );
    expect(computed).toEqual([3, 1, 1, 9]); // once for each tensor: the values of a batch are at hand
    expect(await file.open()).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });
});
