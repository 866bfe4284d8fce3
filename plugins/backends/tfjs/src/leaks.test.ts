import type { DeviceTensor } from '@tether/core';
import * as g from '@tether/graph';
import { runNumbers, uploadNumbers, wave } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { enginesHere } from './testing/engines.ts';

const STEPS = 200;
const [rows, hidden, vocabulary] = [6, 16, 40] as const;

/** A step with everything that may leave something behind: lookups, dropout, donated state, aliases, constants. */
function trainingStep(): g.Graph {
  const [table, weight] = [g.input('table', 'f32', [vocabulary, hidden]), g.input('weight', 'f32', [hidden, hidden])];
  const [tokens, seed] = [g.input('tokens', 'i32', [rows]), g.input('seed', 'i32', [])];
  const states = g.dropout(g.gelu(g.matmul(g.gather(table, tokens), weight)), 0.2, seed, 1);
  const normed = g.rmsNorm(states, g.constant(1, 'f32', [hidden]), 1e-5);
  const attention = g.softmax(g.matmul(normed, normed, { transposeB: true }));
  const logps = g.linearLogProb(g.matmul(attention, normed), table, tokens, { chunk: 16 });
  const loss = g.neg(g.mean(g.logSigmoid(logps)));
  const [dTable, dWeight] = g.grad(loss, [table, weight]);
  const outputs = {
    loss,
    same: loss,
    table: g.sub(table, g.mul(dTable!, 0.1)),
    weight: g.sub(weight, g.mul(dWeight!, 0.1)),
  };
  return g.traceGraph(outputs);
}

const graph = trainingStep();
const engines = await enginesHere();

describe.each(engines)('memory of $name', ({ engine, backend }) => {
  const memory = (): { numTensors: number; numDataBuffers: number; numBytes: number } => {
    engine.activate();
    const { numTensors, numDataBuffers, numBytes } = engine.tf.memory();
    return { numTensors, numDataBuffers, numBytes };
  };

  it(`is the same after ${STEPS} training steps`, async () => {
    const before = memory();
    const inPlace = new Map([
      ['table', 'table'],
      ['weight', 'weight'],
    ]);
    const executable = await backend.compile(graph, { inPlace });
    const start = { table: wave([vocabulary, hidden]), weight: wave([hidden, hidden], 2) };
    const tokens = Int32Array.from({ length: rows }, (_, row) => 5 * row);
    let state = await uploadNumbers(backend, graph, { ...start, tokens, seed: Int32Array.of(1) });
    const losses: number[] = [];
    let warm = memory();
    for (let step = 0; step < STEPS; step++) {
      const results = new Map<string, DeviceTensor>(await executable.run(state));
      losses.push((await backend.download(results.get('loss')!)).data[0]!);
      for (const name of ['loss', 'same']) backend.release(results.get(name)!);
      state = new Map([...state, ['table', results.get('table')!], ['weight', results.get('weight')!]]);
      if (step === 0) warm = memory();
    }
    const after = memory();
    console.info(`tf.memory() of ${engine.description}, after 1 step and ${STEPS}:`, warm, after);
    expect(after).toEqual(warm);
    expect(losses.at(-1)).toBeLessThan(losses[0]!); // the steps were real ones
    for (const tensor of state.values()) backend.release(tensor);
    await executable.dispose();
    expect(memory()).toEqual(before);
  });

  it('is the same after a run that failed', async () => {
    const before = memory();
    const y = g.gather(g.mul(g.input('table', 'f32', [3, 1]), 2), g.input('indices', 'i32', [1]));
    await expect(runNumbers(backend, { y }, { table: wave([3]), indices: Int32Array.of(7) })).rejects.toThrow(/7/);
    expect(memory()).toEqual(before);
  });
});
