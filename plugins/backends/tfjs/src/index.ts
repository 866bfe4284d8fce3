import { defineBackend } from '@tether/core';
import { configSchema, ENGINES, type TfjsConfig } from './config.ts';

export { configSchema, ENGINES, type EngineName, type TfjsConfig } from './config.ts';
export { NATIVE_PACKAGES, nativeModulesFolder } from './engines/native.ts';

/** Runs graphs with the kernels of TensorFlow.js. Its modules are loaded when a backend is made, not before. */
export const plugin = defineBackend<TfjsConfig>({
  name: 'tfjs',
  description: 'TensorFlow.js: TensorFlow itself where it is installed, else WebAssembly or plain JavaScript',
  config: configSchema,
  engines: ENGINES.map((engine) => ({ name: engine, options: { engine } })),
  availability: async (config) => (await import('./availability.ts')).availability(config),
  create: async (config) => (await import('./backend.ts')).createBackend(config),
});

export default plugin;
