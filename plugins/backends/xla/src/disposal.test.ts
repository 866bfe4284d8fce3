import { input, matmul, traceGraph } from '@tether/graph';
import { uploadNumbers, wave } from '@tether/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBackend, type XlaBackend } from './index.ts';
import { PjrtClient } from './pjrt/client.ts';
import { LoadedProgram } from './pjrt/program.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

const SHAPE = [1024, 1024];
const x = input('x', 'f32', SHAPE);
const slow = traceGraph({ y: matmul(matmul(x, x), x) });
const other = traceGraph({ y: matmul(x, x) });

await whereAvailable('disposing of the only backend on a client', () => {
  let backend: XlaBackend;
  const clients = vi.spyOn(PjrtClient.prototype, 'destroy');
  const programs = vi.spyOn(LoadedProgram.prototype, 'destroy');
  beforeEach(async () => {
    backend = await createBackend(testConfig());
  });
  afterEach(() => void vi.clearAllMocks());

  it('leaves the client to runs, compiles and copies under way, then destroys it', async () => {
    const executable = await backend.compile(slow);
    const inputs = await uploadNumbers(backend, slow, { x: wave(SHAPE) });
    const copied = inputs.get('x')!;
    const works = [executable.run(inputs), backend.compile(other), backend.download(copied)];
    const destroyedAtTheEnd = works.map(async (work) => {
      await work;
      return clients.mock.calls.length;
    });
    await backend.dispose();
    expect(await Promise.all(destroyedAtTheEnd)).toEqual([0, 0, 0]);
    expect(clients).toHaveBeenCalledOnce();
    expect(backend.liveObjects()).toEqual({ buffers: 0, events: 0 });
  });

  it('destroys programs that nobody disposed of before the client that they are on', async () => {
    const executables = [await backend.compile(slow), await backend.compile(other)];
    await backend.dispose();
    expect(programs).toHaveBeenCalledTimes(2);
    expect(Math.max(...programs.mock.invocationCallOrder)).toBeLessThan(clients.mock.invocationCallOrder[0]!);
    for (const executable of executables) {
      await executable.dispose();
      expect(executable.memory()).toBeUndefined();
    }
    expect(programs).toHaveBeenCalledTimes(2);
  });
});
