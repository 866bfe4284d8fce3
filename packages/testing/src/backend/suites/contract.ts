import { BackendError, hostTensor, type Backend, type DeviceTensor } from '@tether/core';
import { add, exp, gather, input, matmul, mul, traceGraph, withGradient, type Graph } from '@tether/graph';
import { describe, expect } from 'vitest';
import { makePoint, toHost, type Points } from '../../point.ts';
import { runOnce, uploadAll } from '../run.ts';
import type { SuiteContext } from './context.ts';

const x = input('x', 'f32', [3]);
const scale = input('scale', 'f32', []);
const graph = traceGraph({ y: mul(x, scale) });
const points: Points = { x: makePoint('f32', [3], [1, 2, 3]), scale: makePoint('f32', [], [2]) };

const numbersOf = async (backend: Backend, tensor: DeviceTensor): Promise<number[]> => [
  ...(await backend.download(tensor)).data,
];

/** Runs `graph` on inputs that are not what it asks for; gives the error's message. */
async function refusal(backend: Backend, inputs: Points): Promise<string> {
  const executable = await backend.compile(graph);
  try {
    await executable.run(await uploadAll(backend, inputs));
    return 'not refused';
  } catch (error) {
    expect(error).toBeInstanceOf(BackendError);
    return (error as BackendError).message;
  } finally {
    await executable.dispose();
  }
}

function inputTests({ backend, test }: SuiteContext): void {
  test('refuses a missing input by its name', async () => {
    expect(await refusal(backend(), { x: points['x']! })).toContain('scale');
  });
  test('refuses an input that the graph does not have by its name', async () => {
    expect(await refusal(backend(), { ...points, superfluous: points['x']! })).toContain('superfluous');
  });
  test('refuses an input of another shape', async () => {
    expect(await refusal(backend(), { ...points, x: makePoint('f32', [1, 3], [1, 2, 3]) })).toContain('x');
  });
  test('refuses an input of another element type', async () => {
    expect(await refusal(backend(), { ...points, x: makePoint('i32', [3], [1, 2, 3]) })).toContain('x');
  });
  test('takes an input that no value depends on', async () => {
    const unread = input('unread', 'f32', [2]);
    const y = withGradient(mul(x, 2), [unread], (gradient) => [gradient]);
    const given = { x: points['x']!, unread: makePoint('f32', [2], [0, 0]) };
    expect(Array.from((await runOnce(backend(), traceGraph({ y }), given))['y']!.data)).toEqual([2, 4, 6]);
  });
  test('takes float64 data for f32', async () => {
    const tensor = await backend().upload(hostTensor('f32', [2], Float64Array.of(0.5, 3)));
    expect(await numbersOf(backend(), tensor)).toEqual([0.5, 3]);
    backend().release(tensor);
  });
}

function transferTests({ backend, floats, test }: SuiteContext): void {
  test('gives back what was uploaded, of every element type', async () => {
    for (const dtype of [...floats, 'i32', 'bool'] as const) {
      const host = toHost(makePoint(dtype, [2, 3], dtype === 'bool' ? [0, 1, 1, 0, 1, 0] : [-2, -1, 0, 1, 2, 3]));
      const tensor = await backend().upload(host);
      expect(tensor).toMatchObject({ dtype, shape: [2, 3], backend: backend().name });
      expect(await numbersOf(backend(), tensor)).toEqual([...host.data]);
      backend().release(tensor);
    }
  });
  test('never writes into the caller’s array, and gives the caller elements of its own', async () => {
    const data = Float32Array.of(1, 2, 3);
    const inputs = new Map([
      ['x', await backend().upload(hostTensor('f32', [3], data))],
      ['scale', await backend().upload(hostTensor('f32', [], Float32Array.of(2)))],
    ]);
    const executable = await backend().compile(graph);
    const y = (await executable.run(inputs)).get('y')!;
    (await backend().download(y)).data.fill(9);
    expect(await numbersOf(backend(), y)).toEqual([2, 4, 6]);
    expect([...data]).toEqual([1, 2, 3]);
    await executable.dispose();
  });
}

function outputTests({ backend, test }: SuiteContext): void {
  test('gives inputs, constants and the same value under two names as outputs of their own', async () => {
    const doubled = mul(x, 2);
    const outputs = traceGraph({ first: doubled, second: doubled, same: x });
    const executable = await backend().compile(outputs);
    const given = await backend().upload(toHost(points['x']!));
    const results = await executable.run(new Map([['x', given]]));
    expect([...results.keys()]).toEqual(['first', 'second', 'same']);
    backend().release(results.get('first')!);
    backend().release(given);
    expect(await numbersOf(backend(), results.get('second')!)).toEqual([2, 4, 6]);
    expect(await numbersOf(backend(), results.get('same')!)).toEqual([1, 2, 3]);
    await executable.dispose();
  });
  test('keeps outputs alive after the executable is gone', async () => {
    const executable = await backend().compile(graph);
    const results = await executable.run(await uploadAll(backend(), points));
    await executable.dispose();
    expect(await numbersOf(backend(), results.get('y')!)).toEqual([2, 4, 6]);
  });
  test('keeps the outputs of one run when it runs again', async () => {
    const executable = await backend().compile(graph);
    const inputs = await uploadAll(backend(), points);
    const first = (await executable.run(inputs)).get('y')!;
    const other = new Map([...inputs, ['scale', await backend().upload(hostTensor('f32', [], Float32Array.of(10)))]]);
    const second = (await executable.run(other)).get('y')!;
    expect(await numbersOf(backend(), first)).toEqual([2, 4, 6]);
    expect(await numbersOf(backend(), second)).toEqual([10, 20, 30]);
    await executable.dispose();
  });
  test('feeds outputs back as inputs', async () => {
    const executable = await backend().compile(traceGraph({ x: add(mul(x, 0.5), 1) }));
    let state = await backend().upload(toHost(points['x']!));
    for (let step = 0; step < 3; step++) state = (await executable.run(new Map([['x', state]]))).get('x')!;
    expect(await numbersOf(backend(), state)).toEqual([1.875, 2, 2.125]);
    await executable.dispose();
  });
}

function failureTests({ backend, test }: SuiteContext): void {
  test('refuses to read a released tensor', async () => {
    const tensor = await backend().upload(toHost(points['x']!));
    backend().release(tensor);
    await expect(backend().download(tensor)).rejects.toThrow(BackendError);
  });
  test('refuses a tensor of another backend', async () => {
    const foreign: DeviceTensor = { backend: 'some other', dtype: 'f32', shape: [3] };
    await expect(backend().download(foreign)).rejects.toThrow(BackendError);
  });
  test('turns want of memory into a BackendError that names the program, and goes on', async () => {
    const [column, row] = [input('column', 'f32', [HUGE, 1]), input('row', 'f32', [1, HUGE])];
    const given = await uploadAll(backend(), {
      column: makePoint('f32', [HUGE, 1], new Array<number>(HUGE).fill(1)),
      row: makePoint('f32', [1, HUGE], new Array<number>(HUGE).fill(1)),
    });
    const executable = await backend().compile(traceGraph({ y: exp(matmul(column, row)) }), { label: 'too large' });
    const run = executable.run(given);
    await expect(run).rejects.toThrow(BackendError);
    await expect(run).rejects.toThrow('too large');
    await executable.dispose();
    for (const tensor of given.values()) backend().release(tensor);
    expect(Array.from((await runOnce(backend(), graph, points))['y']!.data)).toEqual([2, 4, 6]);
  });
  test('turns an index outside its table into a BackendError', async () => {
    const lookup = traceGraph({ y: gather(input('table', 'f32', [3, 2]), input('at', 'i32', [2])) });
    const given = { table: makePoint('f32', [3, 2], [1, 2, 3, 4, 5, 6]), at: makePoint('i32', [2], [0, 7]) };
    await expect(runOnce(backend(), lookup, given)).rejects.toThrow(BackendError);
  });
}

/** A matrix of so many rows and columns takes a tebibyte as f32. */
const HUGE = 2 ** 19;
const MEBIBYTE = 2 ** 20;
const LARGE = MEBIBYTE / 2; // elements: 2 MiB as f32
/** Of a matrix whose products take a while. */
const SIDE = 256;

function lifetimeTests({ backend, create, test }: SuiteContext): void {
  test('gives the same bits on every run and after compiling again', async () => {
    const wide = input('x', 'f32', [64, 32]);
    const program = (): Graph => traceGraph({ y: exp(mul(wide, 0.3)) });
    const given = {
      x: makePoint(
        'f32',
        [64, 32],
        Array.from({ length: 2048 }, (_, at) => Math.sin(at)),
      ),
    };
    const runs = [];
    for (let run = 0; run < 3; run++) runs.push(await runOnce(backend(), program(), given));
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });
  const square = input('x', 'f32', [SIDE, SIDE]);
  const products = traceGraph({ y: matmul(matmul(square, square), square) });
  const ones: Points = { x: makePoint('f32', [SIDE, SIDE], new Array<number>(SIDE ** 2).fill(1)) };
  test('finishes what is under way before it is disposed of, and runs no more', async () => {
    const executable = await backend().compile(products);
    const inputs = await uploadAll(backend(), ones);
    const run = executable.run(inputs);
    await executable.dispose();
    expect(await numbersOf(backend(), (await run).get('y')!)).toEqual(new Array<number>(SIDE ** 2).fill(SIDE ** 2));
    const late = executable.run(inputs);
    await expect(late).rejects.toThrow(BackendError);
    await expect(late).rejects.toThrow('graph was disposed of');
  });
  test('finishes what a backend has under way before it is disposed of, and takes no more', async () => {
    const own = await create();
    const executable = await own.compile(products);
    const inputs = await uploadAll(own, ones);
    const ended: string[] = [];
    const [run, compile] = [executable.run(inputs), own.compile(graph)];
    const works = [run.then(() => ended.push('run')), compile.then(() => ended.push('compile'))];
    await own.dispose();
    expect(ended.toSorted()).toEqual(['compile', 'run']);
    await Promise.all(works);
    for (const late of [executable.run(inputs), (await compile).run(inputs), own.compile(graph)]) {
      await expect(late).rejects.toThrow(BackendError);
      await expect(late).rejects.toThrow('was disposed of');
    }
    await expect(own.upload(toHost(ones['x']!))).rejects.toThrow('was disposed of');
    await Promise.all([executable.dispose(), own.dispose()]); // both are ended already
  });
  test('ends the tensors of a backend that is disposed of, and those of no other', async () => {
    const kept = await backend().upload(toHost(points['x']!));
    const own = await create();
    const executable = await own.compile(graph);
    const inputs = await uploadAll(own, points);
    const tensors = [...inputs.values(), ...(await executable.run(inputs)).values()];
    await executable.dispose();
    await own.dispose();
    for (const tensor of tensors) await expect(own.download(tensor)).rejects.toThrow(BackendError);
    expect(await numbersOf(backend(), kept)).toEqual([1, 2, 3]);
    backend().release(kept);
  });
  test('gives memory back on release', async () => {
    const large = input('x', 'f32', [LARGE]);
    const executable = await backend().compile(traceGraph({ y: add(large, 1) }));
    const given = await backend().upload(hostTensor('f32', [LARGE], new Float32Array(LARGE)));
    const turn = async (): Promise<void> => {
      for (const tensor of (await executable.run(new Map([['x', given]]))).values()) backend().release(tensor);
    };
    for (let run = 0; run < 10; run++) await turn();
    const before = process.memoryUsage().rss;
    for (let run = 0; run < 100; run++) await turn();
    // 100 outputs are 200 MiB: keeping them would show, whatever a garbage collector still holds.
    expect((process.memoryUsage().rss - before) / MEBIBYTE).toBeLessThan(100);
    backend().release(given);
    await executable.dispose();
  });
}

/** Everything that the `Backend` interface promises besides numbers. */
export function contractSuite(context: SuiteContext): void {
  describe('contract', () => {
    describe('inputs', () => inputTests(context));
    describe('transfers', () => transferTests(context));
    describe('outputs', () => outputTests(context));
    describe('failures', () => failureTests(context));
    describe('lifetimes', () => lifetimeTests(context));
  });
}
