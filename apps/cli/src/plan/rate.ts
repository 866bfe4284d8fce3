import { hostTensor, type BackendPlugin } from '@tether/core';
import { input, matmul, reduceSum, traceGraph } from '@tether/graph';
import { disposeAfter } from '../run/disposal.ts';

/** A size at which a matrix product runs at its full rate, and takes well below a second on two cores. */
const SIZE = 1024;
const RUNS = 8;

/** FLOP/s of matrix products in f32 on a backend: the fastest of some. */
export async function matmulRate({
  plugin,
  config,
}: {
  readonly plugin: BackendPlugin;
  readonly config: unknown;
}): Promise<number> {
  const backend = await plugin.create(config);
  return disposeAfter(async () => {
    const a = input('a', 'f32', [SIZE, SIZE]);
    const program = await backend.compile(traceGraph({ sum: reduceSum(matmul(a, a)) }), { label: 'rate' });
    const numbers = Float32Array.from({ length: SIZE * SIZE }, (_, index) => (index % 17) / 17);
    const inputs = new Map([['a', await backend.upload(hostTensor('f32', [SIZE, SIZE], numbers))]]);
    let best = Infinity;
    for (let run = 0; run < RUNS; run++) {
      const start = performance.now();
      const outputs = await program.run(inputs);
      for (const output of outputs.values()) {
        await backend.download(output); // a device may answer before it has finished
        backend.release(output);
      }
      best = Math.min(best, (performance.now() - start) / 1000);
    }
    await program.dispose();
    return (2 * SIZE ** 3) / best;
  }, backend);
}
