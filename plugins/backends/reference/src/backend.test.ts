import { BackendError, hostTensor } from '@tether/core';
import { add, cast, constant, gather, input, matmul, mul, traceGraph } from '@tether/graph';
import { describe, expect, it } from 'vitest';
import { createReferenceBackend, evaluate, plugin } from './index.ts';

const backend = createReferenceBackend();
const run = async (...[outputs, inputs]: Parameters<typeof evaluate>): Promise<number[]> =>
  [...evaluate(outputs, inputs).values()].flatMap(({ data }) => [...data]);

describe('the float64 oracle', () => {
  it('keeps what f32 would round away', async () => {
    const executable = await backend.compile(traceGraph({ y: add(input('x', 'f32', []), 1e-12) }));
    const x = await backend.upload(hostTensor('f32', [], Float64Array.of(1)));
    const y = (await executable.run(new Map([['x', x]]))).get('y')!;
    expect((await backend.download(y)).data[0]).toBe(1 + 1e-12);
  });

  it('rounds bf16 and f16 to nearest even', async () => {
    const x = input('x', 'f32', [3]);
    const graph = traceGraph({ bf16: cast(cast(x, 'bf16'), 'f32'), f16: cast(cast(x, 'f16'), 'f32') });
    expect(await run(graph, { x: [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1e5] })).toEqual([
      1,
      1 + 2 ** -6,
      99840, // 195 · 2⁹
      1 + 2 ** -8,
      1 + 3 * 2 ** -8,
      Infinity,
    ]);
  });

  it('moves 16-bit floats in and out as their bits', async () => {
    const data = Uint16Array.of(0x3f80, 0xff80, 0x0001, 0x8000);
    const x = await backend.upload(hostTensor('bf16', [4], data));
    expect((await backend.download(x)).data).toEqual(data);
  });

  it('wraps integers around', async () => {
    const x = input('x', 'i32', [2]);
    const product = mul(x, constant(0x7feb352d, 'i32'));
    expect(await run(traceGraph({ product }), { x: [0x12345679, -5] })).toEqual([
      Math.imul(0x12345679, 0x7feb352d),
      Math.imul(-5, 0x7feb352d),
    ]);
  });

  it('multiplies matrices', async () => {
    const a = input('a', 'f32', [2, 3]);
    const b = input('b', 'f32', [2, 3]);
    const numbers = { a: [1, 2, 3, 4, 5, 6], b: [1, 0, 1, 0, 1, 0] };
    expect(await run(traceGraph({ c: matmul(a, b, { transposeB: true }) }), numbers)).toEqual([4, 2, 10, 5]);
  });

  it('names the index that a gather cannot find', async () => {
    const graph = traceGraph({ y: gather(input('table', 'f32', [3, 2]), input('tokens', 'i32', [2])) });
    expect(() => evaluate(graph, { table: [1, 2, 3, 4, 5, 6], tokens: [2, 3] })).toThrow(
      'gather: index 3 (element 1 of the indices) is outside 0…2',
    );
  });

  it('refuses a handle that was given up to an in-place run', async () => {
    const x = input('x', 'f32', [1]);
    const executable = await backend.compile(traceGraph({ y: add(x, 1) }), { inPlace: new Map([['y', 'x']]) });
    const handle = await backend.upload(hostTensor('f32', [1], Float32Array.of(1)));
    await executable.run(new Map([['x', handle]]));
    await expect(backend.download(handle)).rejects.toThrow(BackendError);
  });

  it('is a plugin that is always there', async () => {
    expect(await plugin.availability({})).toEqual({ available: true });
    expect((await plugin.create({})).name).toBe('reference');
  });
});
