import { describe, expect, it } from 'vitest';
import { disposeAfter } from './disposal.ts';

/** Notes that it was disposed of. */
const noting = (log: string[], name: string, error?: Error) => ({
  dispose: () => {
    log.push(name);
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  },
});

describe('disposing after work', () => {
  it('gives the result, and disposes in order', async () => {
    const log: string[] = [];
    const result = await disposeAfter(() => Promise.resolve(7), noting(log, 'run'), noting(log, 'engine'));
    expect([result, log]).toEqual([7, ['run', 'engine']]);
  });

  it('tells the work’s error, whatever the clearing up says, and still disposes of everything', async () => {
    const log: string[] = [];
    const failing = noting(log, 'run', new Error('this handle is dead'));
    const work = disposeAfter(() => Promise.reject(new Error('out of memory')), failing, noting(log, 'engine'));
    await expect(work).rejects.toThrow('out of memory');
    expect(log).toEqual(['run', 'engine']);
  });

  it('tells what clearing up says where the work succeeded', async () => {
    const work = disposeAfter(() => 7, noting([], 'engine', new Error('the profile cannot be written')));
    await expect(work).rejects.toThrow('the profile cannot be written');
  });
});
