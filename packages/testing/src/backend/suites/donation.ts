import { BackendError, type Backend } from '@tether/core';
import { add, gather, input, matmul, mul, reduceSum, sub, traceGraph, type Graph } from '@tether/graph';
import { describe, expect } from 'vitest';
import { makePoint, randomPoint, type Point, type Points } from '../../point.ts';
import { downloadAll, runOnce, uploadAll } from '../run.ts';
import type { SuiteContext } from './context.ts';

const SHAPE = [3, 3];
const p = input('p', 'f32', SHAPE);
const q = input('q', 'f32', SHAPE);
const points: Points = { p: randomPoint('f32', SHAPE, 1), q: randomPoint('f32', SHAPE, 2) };

interface Donation {
  readonly title: string;
  readonly graph: Graph;
  readonly inPlace: readonly (readonly [output: string, input: string])[];
}

/** Each is wrong on a backend that writes into a donated input which something still reads. */
const DONATIONS: readonly Donation[] = [
  { title: 'one output over its own input', graph: traceGraph({ p: sub(p, mul(q, 0.1)) }), inPlace: [['p', 'p']] },
  {
    title: 'an input that a later output still reads',
    graph: traceGraph({ p: add(p, 1), old: mul(p, 2), total: reduceSum(mul(p, p)) }),
    inPlace: [['p', 'p']],
  },
  {
    title: 'two inputs whose outputs read each other',
    graph: traceGraph({ p: add(q, 1), q: add(p, 1) }),
    inPlace: [
      ['p', 'p'],
      ['q', 'q'],
    ],
  },
  {
    title: 'two inputs that change places',
    graph: traceGraph({ p: q, q: p }),
    inPlace: [
      ['p', 'p'],
      ['q', 'q'],
    ],
  },
  {
    title: 'an operation that cannot work in place',
    graph: traceGraph({ p: matmul(p, q), q: matmul(q, p) }),
    inPlace: [
      ['p', 'p'],
      ['q', 'q'],
    ],
  },
  {
    title: 'an output that is its input, unchanged',
    graph: traceGraph({ p, twice: mul(p, 2) }),
    inPlace: [['p', 'p']],
  },
  { title: 'an output over another input', graph: traceGraph({ sum: add(p, q) }), inPlace: [['sum', 'q']] },
];

/** Three runs, each fed with the outputs of the one before. */
async function iterate(backend: Backend, donation: Donation): Promise<Record<string, Point>[]> {
  const executable = await backend.compile(donation.graph, { inPlace: new Map(donation.inPlace) });
  const results: Record<string, Point>[] = [];
  let inputs: Points = points;
  for (let step = 0; step < 3; step++) {
    const tensors = await uploadAll(backend, inputs);
    const needed = new Map([...tensors].filter(([name]) => donation.graph.inputs.has(name)));
    const outputs = await downloadAll(backend, await executable.run(needed));
    results.push(outputs);
    inputs = { p: outputs['p'] ?? inputs['p']!, q: outputs['q'] ?? inputs['q']! };
  }
  await executable.dispose();
  return results;
}

/** Donation of inputs to outputs (`inPlace`) never changes a number. */
export function donationSuite({ backend, test }: SuiteContext): void {
  describe('in-place outputs give the same bits as without', () => {
    for (const donation of DONATIONS) {
      test(donation.title, async () => {
        const plain = await iterate(backend(), { ...donation, inPlace: [] });
        expect(await iterate(backend(), donation)).toEqual(plain);
      });
    }
    test('a donated tensor is dead after the run', async () => {
      const executable = await backend().compile(DONATIONS[0]!.graph, { inPlace: new Map([['p', 'p']]) });
      const inputs = await uploadAll(backend(), points);
      await executable.run(inputs);
      await expect(backend().download(inputs.get('p')!)).rejects.toThrow(BackendError);
      expect((await backend().download(inputs.get('q')!)).shape).toEqual(SHAPE);
      await executable.dispose();
    });
    test('a donated tensor is dead after a run that fails, and no other', async () => {
      const failing = traceGraph({ p: sub(p, 1), row: gather(q, input('at', 'i32', [2])) });
      const executable = await backend().compile(failing, { inPlace: new Map([['p', 'p']]) });
      const inputs = await uploadAll(backend(), { ...points, at: makePoint('i32', [2], [0, 7]) });
      await expect(executable.run(inputs)).rejects.toThrow(BackendError);
      await expect(backend().download(inputs.get('p')!)).rejects.toThrow(BackendError);
      expect((await backend().download(inputs.get('q')!)).shape).toEqual(SHAPE);
      await executable.dispose();
    });
    test('a run that is refused takes nothing', async () => {
      const executable = await backend().compile(DONATIONS[0]!.graph, { inPlace: new Map([['p', 'p']]) });
      const given = (await uploadAll(backend(), points)).get('p')!;
      await expect(executable.run(new Map([['p', given]]))).rejects.toThrow('q');
      expect((await backend().download(given)).shape).toEqual(SHAPE);
      await executable.dispose();
    });
    test('a tensor that the graph also reads under another name is not written over', async () => {
      const read = traceGraph({ p: sub(p, 1), y: mul(q, 3) });
      const donated = await backend().compile(read, { inPlace: new Map([['p', 'p']]) });
      const both = await uploadAll(backend(), { p: points['p']! });
      const outputs = await donated.run(new Map([...both, ['q', both.get('p')!]]));
      const plain = await runOnce(backend(), read, { p: points['p']!, q: points['p']! });
      expect(await downloadAll(backend(), outputs)).toEqual(plain);
      await donated.dispose();
    });
    test('a donation between different types is refused', async () => {
      const scalar = traceGraph({ total: reduceSum(p) });
      await expect(runOnce(backend(), scalar, points, { inPlace: new Map([['total', 'p']]) })).rejects.toThrow(
        BackendError,
      );
    });
  });
}
