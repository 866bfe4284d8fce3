import { describe, expect, it } from 'vitest';
import { loadPortable } from './engines/portable.ts';
import { runKernels } from './run.ts';

const engine = await loadPortable('cpu');
const failing = (error: Error) => () =>
  runKernels(engine, 'output loss', () => {
    throw error;
  });

describe('kernels that fail', () => {
  it('say what they were run for', () => {
    expect(failing(new Error('shapes differ'))).toThrow(/^output loss: shapes differ$/);
  });

  it('say what it means that WebAssembly stopped, whether in an operation or in handing on an output', () => {
    const trap = Object.assign(new Error('unreachable'), { name: 'RuntimeError' }); // WebAssembly's;
    expect(failing(trap)).toThrow(/^output loss: unreachable \(WebAssembly stopped: .*4 GiB\)$/);
  });

  it('leave nothing behind', () => {
    const before = engine.tf.memory().numTensors;
    const run = (): unknown =>
      runKernels(engine, 'output loss', () => {
        engine.upload(Float32Array.of(1), [1], 'float32');
        throw new Error('shapes differ');
      });
    expect(run).toThrow('shapes differ');
    expect(engine.tf.memory().numTensors).toBe(before);
  });
});
