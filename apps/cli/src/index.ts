export { createProgram } from './program.ts';
export { PluginRegistry } from './composition/pluginRegistry.ts';
