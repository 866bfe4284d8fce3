import { hostTensor, type Backend } from '@tether/core';
import { input, matmul, traceGraph } from '@tether/graph';
import { PluginRegistry } from '../composition/pluginRegistry.ts';
import { serveTask } from '../run/inChild.ts';
import type { Probe, ProbeTask } from './engines.ts';

const SIZE = 256;
/** The first run faults in memory, and some engines compile then. */
const RUNS = 3;

/** Makes the backend and lets it multiply: a library that loads may still not run. */
async function probe({ baseFolder, choice }: ProbeTask): Promise<Probe> {
  const plugin = await new PluginRegistry(baseFolder).get('backend', choice.backend);
  const config = plugin.config.parse(choice.options);
  const availability = await plugin.availability(config);
  if (!availability.available) return { reason: availability.reason };
  const backend = await plugin.create(config);
  const { value, seconds } = await multiply(backend);
  if (value !== 42) return { reason: `it says that 6 times 7 is ${String(value)}` };
  return { description: backend.description, secondsPerProduct: seconds };
}

/** 6 times 7, as a product of matrices that are exact in every float type: [256, 256] of 6 / 256 and of 7. */
async function multiply(backend: Backend): Promise<{ readonly value: number | undefined; readonly seconds: number }> {
  const shape = [SIZE, SIZE];
  const graph = traceGraph({ product: matmul(input('sixes', 'f32', shape), input('sevens', 'f32', shape)) });
  const program = await backend.compile(graph, { label: 'probe' });
  const filled = (value: number) => backend.upload(hostTensor('f32', shape, new Float32Array(SIZE * SIZE).fill(value)));
  const inputs = new Map([
    ['sixes', await filled(6 / SIZE)],
    ['sevens', await filled(7)],
  ]);
  let value: number | undefined;
  let seconds = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const product = (await program.run(inputs)).get('product')!;
    [value] = (await backend.download(product)).data; // waits for the engine
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    backend.release(product);
  }
  return { value, seconds };
}

serveTask(probe);
