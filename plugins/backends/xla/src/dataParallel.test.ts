import { BackendError, hostTensor, type HostArray } from '@tether/core';
import {
  add,
  cast,
  gather,
  grad,
  input,
  less,
  matmul,
  mul,
  randomBits,
  reduceSum,
  reshape,
  rmsNorm,
  silu,
  sliceAxis,
  softmax,
  sub,
  traceGraph,
  type Graph,
  type Tensor,
} from '@tether/graph';
import { uploadNumbers, wave, type Numbers } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { createBackend, type XlaBackend, type XlaConfig } from './index.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

const [ROWS, LENGTH, WIDTH, WORDS] = [8, 6, 64, 128];
const DEVICES = 4;

const weights = {
  embedding: input('policy/embedding', 'f32', [WORDS, WIDTH]),
  first: input('policy/first', 'f32', [WIDTH, WIDTH]),
  second: input('policy/second', 'f32', [WIDTH, WIDTH]),
  norm: input('policy/norm', 'f32', [WIDTH]),
} as const;
const names = Object.keys(weights) as (keyof typeof weights)[];

/** Attention and a gated layer with dropout, rows against the mean over all rows, and a running mean of scores. */
function step(): Graph {
  const tokens = input('batch/tokens', 'i32', [ROWS, LENGTH]);
  const x = rmsNorm(gather(weights.embedding, tokens), weights.norm, 1e-5); // [B, T, H]
  const scores = softmax(mul(matmul(x, x, { transposeB: true }), WIDTH ** -0.5));
  const rows = reshape(matmul(scores, x), [ROWS * LENGTH, WIDTH]);
  const kept = less(randomBits(input('seed', 'i32', []), [ROWS * LENGTH, WIDTH], 5), 2 ** 23);
  const hidden = mul(silu(matmul(rows, weights.first)), cast(kept, 'f32'));
  const out = reshape(matmul(hidden, weights.second), [ROWS, LENGTH, WIDTH]);
  const score = reduceSum(mul(out, x), [1, 2]); // [B]
  const mean = mul(reduceSum(score), 1 / ROWS);
  const running = add(mul(input('ganpo/state/mean', 'f32', []), 0.9), mul(mean, 0.1));
  const spread = sub(score, running);
  const loss = add(mul(reduceSum(mul(spread, spread)), 1 / ROWS), mul(reduceSum(sliceAxis(score, 0, 0, 3)), 0.1));
  const outputs: Record<string, Tensor> = { loss, 'ganpo/state/mean': running };
  grad(loss, Object.values(weights)).forEach((gradient, index) => {
    const name = `policy/${names[index]!}`;
    outputs[name] = sub(weights[names[index]!], mul(gradient, 0.01));
    outputs[`gradient/${names[index]!}`] = gradient;
  });
  return traceGraph(outputs);
}

const numbers: Numbers = {
  ...Object.fromEntries(names.map((name, index) => [`policy/${name}`, wave(weights[name].shape, index + 0.7)])),
  'policy/norm': new Float32Array(WIDTH).fill(1),
  'batch/tokens': Int32Array.from({ length: ROWS * LENGTH }, (_, index) => (index * 37) % WORDS),
  'ganpo/state/mean': Float32Array.of(0.25),
  seed: Int32Array.of(3),
};

interface Outcome {
  readonly outputs: ReadonlyMap<string, HostArray>;
  readonly bytes: readonly number[];
}

/** Three steps, each on the state that the one before left; the outputs of the last one. */
async function train(config: Partial<XlaConfig>): Promise<Outcome> {
  const backend = await createBackend(testConfig(config));
  const graph = step();
  const state = [...graph.inputs.keys()].filter((name) => graph.outputs.has(name));
  const executable = await backend.compile(graph, {
    label: 'step',
    inPlace: new Map(state.map((name) => [name, name])),
  });
  const inputs = await uploadNumbers(backend, graph, numbers);
  const outputs = new Map<string, HostArray>();
  for (let at = 0; at < 3; at++) {
    for (const [name, tensor] of await executable.run(inputs)) {
      outputs.set(name, (await backend.download(tensor)).data);
      if (state.includes(name)) inputs.set(name, tensor);
      else backend.release(tensor);
    }
  }
  const bytes = backend.bytesPerDevice();
  await executable.dispose();
  await backend.dispose();
  return { outputs, bytes };
}

/** Sums over the rows are made in another order: some units of roundoff of the largest element, over three steps. */
const ROUNDING = 1e-5;

/** Over all elements, as a part of the largest one. */
function largestDifference(actual: HostArray, expected: HostArray): number {
  const size = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (value, at) => Math.abs(actual[at]! - value))) / size;
}

await whereAvailable(`${DEVICES} devices`, () => {
  describe.each(['replicated', 'sharded'] as const)('with %s state', (state) => {
    it('give the losses, gradients and weights of one device', async () => {
      const single = await train({});
      const several = await train({ devices: DEVICES, state });
      expect([...several.outputs.keys()]).toEqual([...single.outputs.keys()]);
      for (const [name, expected] of single.outputs) {
        expect(expected.every(Number.isFinite)).toBe(true);
        expect(largestDifference(several.outputs.get(name)!, expected), name).toBeLessThan(ROUNDING);
      }
    });
  });

  it('hold the rows of a batch once, and state whole or in parts', async () => {
    const [single, replicated, sharded] = [
      await train({}),
      await train({ devices: DEVICES }),
      await train({ devices: DEVICES, state: 'sharded' }),
    ];
    const batch = 4 * ROWS * LENGTH;
    const parts = 4 * (WORDS * WIDTH + 2 * WIDTH * WIDTH); // large enough to be split
    const whole = single.bytes[0]!;
    expect(replicated.bytes).toEqual(new Array(DEVICES).fill(whole - batch + batch / DEVICES));
    expect(sharded.bytes).toEqual(new Array(DEVICES).fill(whole - batch - parts + (batch + parts) / DEVICES));
  });

  it('move a tensor that lies otherwise than a graph wants it', async () => {
    const backend: XlaBackend = await createBackend(testConfig({ devices: DEVICES }));
    const shape = [8, 2];
    const asBatch = await backend.compile(traceGraph({ y: mul(input('batch/x', 'f32', shape), 2) }));
    const asState = await backend.compile(traceGraph({ y: mul(input('x', 'f32', shape), 3) }));
    const x = await backend.upload(hostTensor('f32', shape, wave(shape)));
    const run = async (executable: typeof asBatch, name: string): Promise<HostArray> =>
      (await backend.download((await executable.run(new Map([[name, x]]))).get('y')!)).data;
    expect(await run(asBatch, 'batch/x')).toEqual(wave(shape).map((value) => value * 2));
    expect(await run(asState, 'x')).toEqual(wave(shape).map((value) => value * 3));
    expect((await backend.download(x)).data).toEqual(wave(shape));
    await backend.dispose();
  });

  it('run several programs that were started at once', async () => {
    const backend = await createBackend(testConfig({ devices: DEVICES }));
    const x = input('batch/x', 'f32', [64, 256]);
    const graph = traceGraph({ y: reduceSum(matmul(x, x, { transposeA: true })) });
    const executable = await backend.compile(graph);
    const inputs = await uploadNumbers(backend, graph, { 'batch/x': wave(x.shape) });
    const runs = await Promise.all(Array.from({ length: 8 }, () => executable.run(inputs)));
    const sums = await Promise.all(runs.map(async (outputs) => (await backend.download(outputs.get('y')!)).data[0]));
    expect(new Set(sums).size).toBe(1);
    expect(sums[0]).toBeTypeOf('number');
    await executable.dispose();
    await backend.dispose();
  });

  it('refuse a batch whose rows they cannot share equally', async () => {
    const backend = await createBackend(testConfig({ devices: DEVICES }));
    const graph = traceGraph({ y: reduceSum(input('batch/x', 'f32', [6, 2])) });
    const refused = backend.compile(graph, { label: 'step 6×2' });
    await expect(refused).rejects.toThrow(BackendError);
    await expect(refused).rejects.toThrow(
      'step 6×2: the rows of "batch/x" (f32[6, 2]) cannot be shared equally by 4 devices: choose a batch size that is a multiple of 4',
    );
    await backend.dispose();
  });
});
