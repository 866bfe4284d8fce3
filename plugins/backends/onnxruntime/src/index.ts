import { defineBackend } from '@tether/core';
import { availability } from './availability.ts';
import { createBackend } from './backend.ts';
import { configSchema, PROVIDERS, type OnnxRuntimeConfig } from './config.ts';

export { configSchema, PROVIDERS, type OnnxRuntimeConfig, type Provider } from './config.ts';
import { installers } from './install.ts';
import { peakIntermediateBytes } from './memory/estimate.ts';
import { readTraces } from './profile.ts';

export { createBackend } from './backend.ts';

/** Runs graphs as ONNX models in ONNX Runtime. The native library is loaded when a backend is made, not before. */
export const plugin = defineBackend<OnnxRuntimeConfig>({
  name: 'onnxruntime',
  description: 'ONNX Runtime through its C interface, on the CPU or a GPU; state stays where it is between steps',
  config: configSchema,
  engines: PROVIDERS.map((provider) => ({ name: provider, options: { providers: [provider] } })),
  installers,
  profiling: { options: (profile) => ({ profile }), read: readTraces },
  peakIntermediateBytes,
  availability,
  create: (config) => createBackend(config),
});
export default plugin;
