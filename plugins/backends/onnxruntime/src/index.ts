import { defineBackend } from '@tether/core';
import { availability } from './availability.ts';
import { createBackend } from './backend.ts';
import { configSchema, type OnnxRuntimeConfig } from './config.ts';

export { configSchema, PROVIDERS, type OnnxRuntimeConfig, type Provider } from './config.ts';
export { createBackend } from './backend.ts';
export type { SessionSettings } from './settings.ts';

/** Runs graphs as ONNX models in ONNX Runtime. The native library is loaded when a backend is made, not before. */
export const plugin = defineBackend<OnnxRuntimeConfig>({
  name: 'onnxruntime',
  description: 'ONNX Runtime on the CPU, through its C interface; state stays in place between steps',
  config: configSchema,
  availability,
  create: (config) => createBackend(config),
});
export default plugin;
