import { hostTensor, type HostTensor } from '@tether/core';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { CheckpointStore } from './checkpoints.ts';
import { createRunFolder, fingerprintOf, StepLog } from './runFolder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tether-run-'));
  return () => rm(folder, { recursive: true });
});

describe('a log of steps', () => {
  const text = (): Promise<string> => readFile(join(folder, 'log.jsonl'), 'utf8');

  test('is cut back to the steps of a checkpoint, and loses a half-written line', async () => {
    const log = new StepLog(folder, 'log.jsonl');
    for (const step of [1, 2, 3]) await log.append({ step, loss: step / 3 });
    const whole = await text();
    for (const half of ['{"step":4,"lo', '{"step":4}', '{']) {
      await writeFile(join(folder, 'log.jsonl'), whole + half);
      await log.truncate(3);
      expect(await text()).toBe(whole);
    }
    await log.truncate(1);
    expect(await log.lines()).toEqual([{ step: 1, loss: 1 / 3 }]);
  });

  test('that cannot be read is left alone', async () => {
    await mkdir(join(folder, 'log.jsonl'));
    await expect(new StepLog(folder, 'log.jsonl').truncate(0)).rejects.toThrow('EISDIR');
  });
});

describe('checkpoints', () => {
  const tensors = (value: number): Map<string, HostTensor> =>
    new Map([['policy/w', hostTensor('f32', [2], Float32Array.of(value, -value))]]);
  const names = (): Promise<string[]> => readdir(join(folder, 'checkpoints'));
  const store = (keep: number): CheckpointStore => new CheckpointStore(join(folder, 'checkpoints'), keep);

  test('the newest is read back, and as many as the limit says are kept', async () => {
    expect(await store(2).latest()).toBeUndefined();
    for (const completedSteps of [2, 4, 10]) {
      await store(2).save({ completedSteps, fingerprint: 'f' }, tensors(completedSteps));
    }
    expect(await names()).toEqual(['step-00000004', 'step-00000010']);
    expect(await store(2).latest()).toEqual({ completedSteps: 10, fingerprint: 'f', tensors: tensors(10) });
  });

  test('float64 of the reference backend loses no bit', async () => {
    const exact = new Map([['w', { ...hostTensor('f32', [1], new Float32Array(1)), data: Float64Array.of(Math.PI) }]]);
    await store(1).save({ completedSteps: 1, fingerprint: 'f' }, exact);
    expect((await store(1).latest())?.tensors.get('w')?.data).toEqual(Float64Array.of(Math.PI));
  });

  test('one that a killed run was writing is not read, and goes when the next is written', async () => {
    await store(1).save({ completedSteps: 1, fingerprint: 'f' }, tensors(1));
    await mkdir(join(folder, 'checkpoints', 'step-00000002.partial'));
    expect((await store(1).latest())?.completedSteps).toBe(1);
    await store(1).save({ completedSteps: 3, fingerprint: 'f' }, tensors(3));
    expect(await names()).toEqual(['step-00000003']);
  });

  test('a failed one leaves the older one and nothing half-written', async () => {
    await store(1).save({ completedSteps: 1, fingerprint: 'f' }, tensors(1));
    const bad = new Map([['w', { ...hostTensor('f32', [2], new Float32Array(2)), shape: [3] }]]);
    await expect(store(1).save({ completedSteps: 2, fingerprint: 'f' }, bad)).rejects.toThrow('"w"');
    expect(await names()).toEqual(['step-00000001']);
    expect((await store(1).latest())?.tensors).toEqual(tensors(1));
  });
});

test('a run’s folder is never one that holds anything', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(createRunFolder(folder, 'run')).rejects.toThrow('is not an empty folder');
  await expect(createRunFolder(join(folder, 'file'), 'run')).rejects.toThrow('is not an empty folder');
  expect(await createRunFolder(join(folder, 'new'), 'run')).toBe(join(folder, 'new'));
});

test('a fingerprint does not depend on the order of keys, and depends on everything else', () => {
  expect(fingerprintOf({ a: 1, b: [1, { c: 2, d: 3 }] })).toBe(fingerprintOf({ b: [1, { d: 3, c: 2 }], a: 1 }));
  expect(fingerprintOf({ a: [1, 2] })).not.toBe(fingerprintOf({ a: [2, 1] }));
});
