import { BackendError, hostTensor } from '@tether/core';
import { add, broadcast, gather, input, matmul, mul, reduceSum, sub, traceGraph } from '@tether/graph';
import { runNumbers, uploadNumbers, wave } from '@tether/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBackend, plugin, type XlaBackend } from './index.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

await whereAvailable('xla', () => {
  let backend: XlaBackend;
  beforeAll(async () => {
    backend = await createBackend(testConfig());
  });
  afterAll(() => backend.dispose());

  describe('running', () => {
    it('leaves the event loop alive while it compiles and runs', async () => {
      const [a, b] = [input('a', 'f32', [1024, 1024]), input('b', 'f32', [1024, 1024])];
      const graph = traceGraph({ y: matmul(matmul(a, b), b) });
      const turnsDuring = async <T>(action: () => Promise<T>): Promise<[T, number]> => {
        let isDone = false;
        let turns = 0;
        const count = (): void => {
          if (isDone) return;
          turns++;
          setImmediate(count);
        };
        count();
        const result = await action();
        isDone = true;
        return [result, turns];
      };
      const [executable, whileCompiling] = await turnsDuring(() => backend.compile(graph));
      const inputs = await uploadNumbers(backend, graph, { a: wave(a.shape), b: wave(b.shape) });
      const [, whileRunning] = await turnsDuring(() => executable.run(inputs));
      expect(whileCompiling).toBeGreaterThan(1);
      expect(whileRunning).toBeGreaterThan(1);
      await executable.dispose();
    });

    it('leaves no buffer and no event behind over many steps', async () => {
      const shape = [64, 64];
      const [w, g] = [input('w', 'f32', shape), input('g', 'f32', shape)];
      const graph = traceGraph({ w: sub(w, mul(g, 0.1)), norm: reduceSum(mul(g, g)) });
      const executable = await backend.compile(graph, { inPlace: new Map([['w', 'w']]) });
      const before = backend.liveObjects();
      const inputs = await uploadNumbers(backend, graph, { w: wave(shape), g: wave(shape, 2) });
      for (let step = 0; step < 50; step++) {
        const outputs = await executable.run(inputs);
        inputs.set('w', outputs.get('w')!);
        backend.release(outputs.get('norm')!);
        expect(backend.liveObjects()).toEqual({ buffers: before.buffers + 2, events: 0 });
      }
      for (const tensor of inputs.values()) backend.release(tensor);
      expect(backend.liveObjects()).toEqual(before);
      await executable.dispose();
    });

    it('updates donated state in its own memory', async () => {
      const shape = [256, 256];
      const graph = traceGraph({ w: mul(input('w', 'f32', shape), 0.5) });
      const inPlace = await backend.compile(graph, { inPlace: new Map([['w', 'w']]) });
      const copying = await backend.compile(graph);
      expect(inPlace.memory()).toMatchObject({ aliased: 256 * 256 * 4 });
      expect(copying.memory()).toMatchObject({ aliased: 0 });
      await Promise.all([inPlace.dispose(), copying.dispose()]);
    });

    it('multiplies in bf16 and sums in f32 where it is told to', async () => {
      const rough = await createBackend(testConfig({ compute: 'bf16' }));
      const [a, b] = [input('a', 'f32', [1, 512]), input('b', 'f32', [512, 1])];
      const numbers = { a: new Float32Array(512).fill(1 + 2 ** -12), b: new Float32Array(512).fill(1) };
      const product = async (of: XlaBackend) => (await runNumbers(of, { y: matmul(a, b) }, numbers)).y![0];
      expect(await product(rough)).toBe(512); // the operand rounds to 1; a bf16 sum would stop at 256
      expect(await product(backend)).toBe(512 * (1 + 2 ** -12));
      await rough.dispose();
    });
  });

  describe('failures', () => {
    it('name the graph, what reads the index and the index', async () => {
      const y = gather(input('table', 'f32', [3, 1]), input('indices', 'i32', [2]));
      const before = backend.liveObjects();
      const numbers = { table: wave([3]), indices: Int32Array.of(1, 7) };
      const failure = runNumbers(backend, { y }, numbers, { label: 'lookup' });
      await expect(failure).rejects.toThrow(BackendError);
      await expect(failure).rejects.toThrow('lookup: gather: index 7 is outside 0…2');
      expect(backend.liveObjects()).toEqual(before);
    });

    it("carry XLA's own words", async () => {
      const odd = await createBackend(testConfig({ flags: { xla_no_such_flag: true } }));
      const failure = runNumbers(odd, { y: mul(input('x', 'f32', [1]), 2) }, { x: wave([1]) }, { label: 'doubling' });
      await expect(failure).rejects.toThrow("doubling: No such compile option: 'xla_no_such_flag'");
      await odd.dispose();
    });

    it('include more memory than there is, and leave nothing behind', async () => {
      const before = backend.liveObjects();
      const huge = broadcast(add(input('x', 'f32', [1]), 1), [2 ** 42]); // 16 TiB
      const failure = runNumbers(backend, { y: huge }, { x: wave([1]) }, { label: 'huge' });
      await expect(failure).rejects.toThrow(BackendError);
      await expect(failure).rejects.toThrow(/^huge: .*memory/);
      expect(backend.liveObjects()).toEqual(before);
    });
  });

  describe('the plugin', () => {
    it('describes what runs', () => {
      expect(backend.description).toMatch(/^xla cpu.*PJRT 0\.\d+, 1 device, f32 products$/);
    });

    it('refuses a library for another kind of device', async () => {
      const asked = plugin.config.parse({ ...testConfig(), device: 'tpu' });
      const availability = await plugin.availability(asked);
      expect(availability).toMatchObject({ available: false });
    });

    it('frees everything when it is disposed of, and only its own', async () => {
      const other = await createBackend(testConfig());
      const before = backend.liveObjects().buffers;
      await other.upload(hostTensor('f32', [2], wave([2])));
      expect(backend.liveObjects().buffers).toBe(before + 1);
      await other.dispose();
      expect(backend.liveObjects().buffers).toBe(before);
    });
  });
});
