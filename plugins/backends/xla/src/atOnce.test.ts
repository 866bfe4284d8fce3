import { hostTensor, type DeviceTensor, type HostArray } from '@tether/core';
import { input, mul, reduceSum, traceGraph } from '@tether/graph';
import { uploadNumbers, wave } from '@tether/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect, type Connection } from './connect.ts';
import { createBackend, type XlaBackend } from './index.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

const DEVICES = 4;
const SHAPE = [8, 2];
const BYTES = 4 * 16;
const config = testConfig({ devices: DEVICES });
/** A run of so small a program is over long before. */
const LONG_MS = 200;

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const times = (factor: number): HostArray => wave(SHAPE).map((value) => factor * value);

await whereAvailable(`what goes on at once on ${DEVICES} devices`, () => {
  let backend: XlaBackend;
  let connection: Connection;
  /** Ends the turn that keeps every program waiting. */
  let endTurn: () => void;

  beforeEach(async () => {
    [backend, connection] = [await createBackend(config), await connect(config)];
    const turn = Promise.withResolvers<undefined>();
    void connection.turns.take(() => turn.promise);
    endTurn = () => turn.resolve(undefined);
  });
  afterEach(async () => {
    await backend.dispose();
    await connection.close();
  });

  const upload = (): Promise<DeviceTensor> => backend.upload(hostTensor('f32', SHAPE, wave(SHAPE)));
  const bytes = (size: number): number[] => new Array<number>(DEVICES).fill(size);
  const buffers = (): number => backend.liveObjects().buffers;
  /** `{ y }` of one run; inputs of a batch are split between the devices, others replicated. */
  async function scaled(name: 'x' | 'batch/x', factor: number, x: DeviceTensor): Promise<HostArray> {
    const executable = await backend.compile(traceGraph({ y: mul(input(name, 'f32', SHAPE), factor) }));
    const y = (await executable.run(new Map([[name, x]]))).get('y')!;
    await executable.dispose();
    return (await backend.download(y)).data;
  }

  it('runs programs of two backends one after the other: they share the threads', async () => {
    const other = await createBackend(config);
    const order: string[] = [];
    const runs = [backend, other].map(async (each) => {
      const graph = traceGraph({ y: reduceSum(input('batch/x', 'f32', SHAPE)) });
      const executable = await each.compile(graph);
      await executable.run(await uploadNumbers(each, graph, { 'batch/x': wave(SHAPE) }));
      order.push('run');
      await executable.dispose();
    });
    await later(LONG_MS);
    order.push('turn');
    endTurn();
    await Promise.all(runs);
    expect(order).toEqual(['turn', 'run', 'run']);
    await other.dispose();
  });

  it('keeps what a waiting run reads while another run has the tensor moved', async () => {
    const x = await upload();
    const whole = scaled('x', 2, x);
    await expect.poll(() => backend.bytesPerDevice()).toEqual(bytes(BYTES));
    const split = scaled('batch/x', 3, x);
    await expect.poll(() => backend.bytesPerDevice()).toEqual(bytes(BYTES / DEVICES));
    const meanwhile = buffers();
    endTurn();
    expect(await Promise.all([whole, split])).toEqual([times(2), times(3)]);
    expect(meanwhile).toBe(2 * DEVICES); // of both placements
    expect(buffers()).toBe(3 * DEVICES); // of x and both results
  });

  it('keeps what a waiting run reads when the tensor is released', async () => {
    const x = await upload();
    const run = scaled('x', 2, x);
    await expect.poll(() => backend.bytesPerDevice()).toEqual(bytes(BYTES));
    backend.release(x);
    const meanwhile = buffers();
    endTurn();
    expect(await run).toEqual(times(2));
    expect(meanwhile).toBe(DEVICES);
    expect(buffers()).toBe(DEVICES); // of the result
  });

  it('keeps what a download reads when the tensor is released', async () => {
    endTurn();
    const x = await upload();
    await scaled('batch/x', 1, x);
    const before = buffers();
    const reading = backend.download(x);
    backend.release(x);
    const meanwhile = buffers();
    expect((await reading).data).toEqual(wave(SHAPE));
    expect(meanwhile).toBe(before);
    expect(buffers()).toBe(before - DEVICES);
  });
});
