import { z } from 'zod';

/** Engines of TensorFlow.js, the fastest first. */
export const ENGINES = ['node-gpu', 'node', 'wasm', 'cpu'] as const;
export type EngineName = (typeof ENGINES)[number];

export const configSchema = z.strictObject({
  engine: z
    .enum(['auto', ...ENGINES])
    .default('auto')
    .describe(
      'what computes: TensorFlow on a GPU (node-gpu) or on the CPU (node), WebAssembly on one thread (wasm), plain JavaScript (cpu); auto takes the first of these that can be had',
    ),
  modules: z
    .string()
    .optional()
    .describe('folder whose node_modules holds @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node, looked into first'),
  threads: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'threads of the TensorFlow engines; 0 for one per available processor; the first backend of a process decides',
    ),
});

export type TfjsConfig = z.infer<typeof configSchema>;
