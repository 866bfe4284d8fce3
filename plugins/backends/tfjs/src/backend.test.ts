import { BackendError } from '@tether/core';
import * as g from '@tether/graph';
import { uploadNumbers, wave } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { plugin } from './index.ts';
import { erfFast } from './lower/erf.ts';
import { enginesHere } from './testing/engines.ts';

const engines = await enginesHere();
/** So many passes over half a million numbers take each engine longer than the turn that it gives to itself. */
const LONG = { 'node-gpu': 5000, node: 500, wasm: 60, cpu: 20 } as const;

const configOf = (options: object) => plugin.config.parse(options);

describe.each(engines)('$name', ({ name, backend }) => {
  it('describes what runs', () => {
    expect(backend.description).toMatch(new RegExp(`^tfjs 4\\.\\d+\\.\\d+, ${name} \\(.+\\), `));
  });

  it('lets others have a turn during a long run', async () => {
    const x = g.input('x', 'f32', [2 ** 19]);
    let y: g.Tensor = x;
    for (let layer = 0; layer < LONG[name]; layer++) y = g.tanh(y);
    const graph = g.traceGraph({ y });
    const executable = await backend.compile(graph);
    const inputs = await uploadNumbers(backend, graph, { x: wave(x.shape) });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const results = await executable.run(inputs);
    clearInterval(timer);
    for (const tensor of [...results.values(), ...inputs.values()]) backend.release(tensor);
    await executable.dispose();
    expect(turns).toBeGreaterThan(0);
  });

  it('runs beside the other engines', async () => {
    const x = g.input('x', 'f32', [3]);
    const graph = g.traceGraph({ y: g.mul(x, 2) });
    const runs = engines.map(async (other) => {
      const executable = await other.backend.compile(graph);
      const inputs = await uploadNumbers(other.backend, graph, { x: Float32Array.of(1, 2, 3) });
      const results = await executable.run(inputs);
      return (await other.backend.download(results.get('y')!)).data;
    });
    expect(await Promise.all(runs)).toEqual(engines.map(() => Float32Array.of(2, 4, 6)));
  });

  it('takes one tensor for two inputs, one of them donated', async () => {
    const [a, b] = [g.input('a', 'f32', [2]), g.input('b', 'f32', [2])];
    const executable = await backend.compile(g.traceGraph({ a: g.add(a, 1), y: g.mul(a, b) }), {
      inPlace: new Map([['a', 'a']]),
    });
    const given = await backend.upload({ dtype: 'f32', shape: [2], data: Float32Array.of(2, 3) });
    const results = await executable.run(
      new Map([
        ['a', given],
        ['b', given],
      ]),
    );
    expect([...(await backend.download(results.get('a')!)).data]).toEqual([3, 4]);
    expect([...(await backend.download(results.get('y')!)).data]).toEqual([4, 9]);
    await expect(backend.download(given)).rejects.toThrow(BackendError);
    await executable.dispose();
  });

  it('refuses element types that TensorFlow.js lacks, with what to do', async () => {
    const graph = g.traceGraph({ y: g.cast(g.input('x', 'f32', [2]), 'bf16') });
    await expect(backend.compile(graph, { label: 'half' })).rejects.toThrow(/^half: TensorFlow.js has no bf16: .* f32/);
  });
});

describe('the plugin', () => {
  it('says where the package of an engine was missing', async () => {
    const missing = (['node-gpu', 'node'] as const).find((name) => !engines.some((engine) => engine.name === name));
    if (missing === undefined) return; // a machine with both
    const found = await plugin.availability(configOf({ engine: missing }));
    expect(found).toMatchObject({ available: false });
    expect(JSON.stringify(found)).toMatch(/npm run tfjs-native|no GPU/);
  });

  it('takes the fastest engine by itself, and says why not a faster one', async () => {
    const { description } = await plugin.create(configOf({}));
    expect(description).toContain(`, ${engines[0]!.name} (`);
    if (engines[0]!.name !== 'node-gpu') expect(description).toContain('; node-gpu passed over: ');
  });

  it('is available wherever its own packages are', async () => {
    expect(await plugin.availability(configOf({}))).toEqual({ available: true });
  });
});

describe('erfFast', () => {
  it('is good to a unit of f32, at every magnitude', () => {
    for (let x = 1e-6; x < 5; x *= 1.003) {
      for (const at of [x, -x]) expect(Math.abs(erfFast(at) / g.erfOf(at) - 1)).toBeLessThan(2 ** -24);
    }
  });
  it('is 0, ±1 and NaN where the error function is', () => {
    expect([0, 9, -9, Infinity, -Infinity, NaN].map(erfFast)).toEqual([0, 1, -1, 1, -1, NaN]);
  });
});
