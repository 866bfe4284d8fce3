import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError, hostTensor } from '@tether/core';
import {
  add,
  captureSources,
  gather,
  input,
  matmul,
  mul,
  reduceSum,
  scatterAdd,
  scope,
  sigmoid,
  silu,
  sub,
  traceGraph,
  type Tensor,
} from '@tether/graph';
import { runNumbers, uploadNumbers, wave } from '@tether/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { createBackend, plugin } from './index.ts';
import { readTraces } from './profile.ts';

const config = { providers: ['cpu' as const], threads: 2 };
const backend = await createBackend(config);
afterAll(() => backend.dispose());

describe('running', () => {
  it('leaves the event loop alive', async () => {
    const [a, b] = [input('a', 'f32', [1024, 1024]), input('b', 'f32', [1024, 1024])];
    const graph = traceGraph({ y: matmul(matmul(a, b), b) });
    const executable = await backend.compile(graph);
    const inputs = await uploadNumbers(backend, graph, { a: wave(a.shape), b: wave(b.shape) });
    let isDone = false;
    let turns = 0;
    const count = (): void => {
      if (isDone) return;
      turns++;
      setImmediate(count);
    };
    count();
    await executable.run(inputs);
    isDone = true;
    expect(turns).toBeGreaterThan(1);
    await executable.dispose();
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'takes subnormal numbers for 0 on all of its threads, and on no other',
    async () => {
      const x = input('x', 'f32', [256, 1024]); // enough for all threads
      const graph = traceGraph({ y: mul(x, x) });
      const executable = await backend.compile(graph);
      const inputs = await uploadNumbers(backend, graph, { x: wave(x.shape).map(() => 1e-20) });
      const outputs = await executable.run(inputs);
      const squares = await backend.download(outputs.get('y')!);
      expect(new Set(squares.data)).toEqual(new Set([0]));
      expect(Number.MIN_VALUE * inputs.size).toBeGreaterThan(0);
      await executable.dispose();
    },
  );

  it('takes no more memory from step to step', async () => {
    const shape = [64, 1024];
    const [w, g] = [input('w', 'f32', shape), input('g', 'f32', shape)];
    const graph = traceGraph({ w: sub(w, mul(g, 0.1)), copy: mul(w, g) });
    const executable = await backend.compile(graph, { inPlace: new Map([['w', 'w']]) });
    const inputs = await uploadNumbers(backend, graph, { w: wave(shape), g: wave(shape, 2) });
    const bytesAfter = async (steps: number): Promise<number> => {
      for (let step = 0; step < steps; step++) {
        const outputs = await executable.run(inputs);
        inputs.set('w', outputs.get('w')!);
        backend.release(outputs.get('copy')!);
      }
      return process.memoryUsage().arrayBuffers;
    };
    const early = await bytesAfter(5);
    const late = await bytesAfter(50);
    expect(late - early).toBeLessThan(64 * 1024 * 4); // less than one of the 100 tensors made meanwhile
    await executable.dispose();
  });

  it('adds up repeated rows exactly, on several threads', async () => {
    const rows = 4096;
    const width = 64;
    const updates = input('updates', 'f32', [rows, width]);
    const indices = input('indices', 'i32', [rows]);
    const { sums } = await runNumbers(
      backend,
      { sums: scatterAdd(updates, indices, 4) },
      { updates: new Float32Array(rows * width).fill(1), indices: Int32Array.from({ length: rows }, (_, i) => i % 2) },
    );
    const expected = [...new Array<number>(2 * width).fill(rows / 2), ...new Array<number>(2 * width).fill(0)];
    expect([...sums!]).toEqual(expected);
  });

  it('has a sigmoid that is good to some units of 1 on activations, and of itself on losses', async () => {
    const exact = (x: number): number => 1 / (1 + Math.exp(-x));
    const many = Float32Array.from({ length: 2 ** 15 }, (_, i) => (i - 2 ** 14) / 512); // ±32
    const few = many.filter((_, i) => i % 8 === 0);
    const at = async (x: Float32Array) =>
      (await runNumbers(backend, { y: sigmoid(input('x', 'f32', [x.length])) }, { x })).y!;
    const [fast, slow] = [await at(many), await at(few)];
    // The kernel's rational approximation is stated for errors of about 2⁻²³.
    many.forEach((x, i) => expect(Math.abs(fast[i]! - exact(x))).toBeLessThan(2 ** -22));
    // exp, + and 1/x, each good to about an ulp.
    few.forEach((x, i) => expect(Math.abs(slow[i]! / exact(x) - 1)).toBeLessThan(2 ** -20));
  });
});

describe('the order of execution', () => {
  it('is that of the graph, so that nothing is computed long before or after it is wanted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tether-order-'));
    const profiled = await createBackend({ ...config, profile: folder });
    // Gradients of weights, as a training step has them: each is wanted only at the very end.
    const layers = Array.from({ length: 12 }, (_, index) => input(`w${index}`, 'f32', [64, 64]));
    let x: Tensor = input('x', 'f32', [64, 64]);
    const norms: Tensor[] = [];
    for (const w of layers) {
      x = silu(matmul(x, w));
      norms.push(matmul(x, x, { transposeA: true }));
    }
    const total = norms.toReversed().map((norm) => reduceSum(mul(norm, norm)));
    const graph = traceGraph({ total: total.reduce((sum, term) => add(sum, term)) });
    const executable = await profiled.compile(graph);
    const numbers = Object.fromEntries([...graph.inputs.keys()].map((name) => [name, wave([64, 64])]));
    await executable.run(await uploadNumbers(profiled, graph, numbers));
    await executable.dispose();
    const trace = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')) as {
      readonly name: string;
      readonly args?: { readonly op_name?: string };
    }[];
    const products = trace.flatMap(({ name, args }) =>
      args?.op_name?.endsWith('MatMul') && name.endsWith('kernel_time') ? Number.parseInt(name) : [],
    );
    expect(products).toHaveLength(36); // two of a layer, and its norm
    // Results that are wanted within 8 nodes may wait for that.
    products.forEach((product, at) => expect(Math.max(...products.slice(0, at))).toBeLessThan(product + 8));
    rmSync(folder, { recursive: true });
  });
});

describe('a profile', () => {
  it('tells operator, scope and source line of every operation of the last run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tether-profile-'));
    const profiled = await createBackend({ ...config, profile: folder });
    captureSources(true);
    const x = input('x', 'f32', [64, 64]);
    const graph = traceGraph({ y: scope('layer', () => matmul(x, silu(x))) });
    captureSources(false);
    const executable = await profiled.compile(graph, { label: 'step 4×256' });
    const inputs = await uploadNumbers(profiled, graph, { x: wave([64, 64]) });
    for (let run = 0; run < 3; run++) await executable.run(inputs);
    await executable.dispose();
    const operations = await readTraces(folder);
    expect(operations.filter(({ operator }) => operator.endsWith('MatMul'))).toHaveLength(1);
    for (const { program, scope: place, source, seconds } of operations) {
      expect(program).toBe('step 4×256');
      expect(seconds).toBeGreaterThanOrEqual(0);
      if (place.startsWith('layer')) expect(source).toContain('backend.test.ts');
    }
    rmSync(folder, { recursive: true });
  });
});

describe('failures', () => {
  it("are told with the graph's label and the runtime's own words", async () => {
    const y = gather(input('table', 'f32', [3, 1]), input('indices', 'i32', [1]));
    const numbers = { table: wave([3]), indices: Int32Array.of(7) };
    const failure = runNumbers(backend, { y }, numbers, { label: 'lookup' });
    await expect(failure).rejects.toThrow(BackendError);
    await expect(failure).rejects.toThrow(/^lookup: .*indices.*7/s);
  });

  it('name every input that does not fit', async () => {
    const graph = traceGraph({ y: mul(input('a', 'f32', [2]), input('b', 'f32', [2])) });
    const executable = await backend.compile(graph, { label: 'product' });
    const wrong = await backend.upload(hostTensor('f32', [3], wave([3])));
    await expect(
      executable.run(
        new Map([
          ['b', wrong],
          ['c', wrong],
        ]),
      ),
    ).rejects.toThrow('product: input "a" (f32[2]) is missing; input "b" is f32[3], not f32[2]; there is no input "c"');
    await executable.dispose();
  });

  it('tell which outputs and inputs cannot share memory', async () => {
    const graph = traceGraph({ y: reduceSum(input('x', 'f32', [2])) });
    await expect(backend.compile(graph, { label: 'sum', inPlace: new Map([['y', 'x']]) })).rejects.toThrow(
      'sum: output "y" (f32[]) cannot take the memory of input "x" (f32[2])',
    );
  });

  it('include a tensor that was given up before', async () => {
    const tensor = await backend.upload(hostTensor('f32', [1], wave([1])));
    backend.release(tensor);
    await expect(backend.download(tensor)).rejects.toThrow('this f32[1] tensor was released');
  });
});

describe('the plugin', () => {
  it('is there wherever its native library loads', async () => {
    expect(await plugin.availability(plugin.config.parse({}))).toEqual({ available: true });
  });

  it('says what a provider lacks that is asked for alone', async () => {
    const asked = plugin.config.parse({ providers: ['cuda'] });
    const found = await plugin.availability(asked);
    if (found.available) return; // a machine with CUDA
    expect(found.reason).toMatch(
      /no execution provider of "providers: \[cuda\]" can be had:\n {2}- cuda: .*tether backends/,
    );
  });

  it('passes over a provider that cannot be had when the CPU is listed, and says so', async () => {
    const lacking = process.platform === 'win32' ? 'coreml' : 'dml';
    const made = await plugin.create(plugin.config.parse({ providers: [lacking, 'cpu'], threads: 1 }));
    expect(made.description).toMatch(new RegExp(`, cpu, 1 thread; ${lacking} passed over: .+`));
    await made.dispose();
  });

  it('describes what runs', async () => {
    const made = await plugin.create(plugin.config.parse({ threads: 1 }));
    expect(made.description).toMatch(/^onnxruntime \d+\.\d+\.\d+, cpu, 1 thread$/);
  });
});
