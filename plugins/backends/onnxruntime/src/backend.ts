import type { Backend } from '@tether/core';
import type { OnnxRuntimeConfig } from './config.ts';
import { compileGraph, type Engine } from './executable.ts';
import { loadRuntime } from './native/library.ts';
import { BufferPool } from './pool.ts';
import { defaultSettings, type SessionSettings } from './settings.ts';
import { TensorStore, toHost } from './tensor.ts';

export const NAME = 'onnxruntime';

/** The promise of a result that is there at once, or of its error. */
const settled = <T>(action: () => T): Promise<T> => new Promise((resolve) => resolve(action()));

/** @param overrides settings of sessions that no config reaches, for measurements */
export async function createBackend(
  config: OnnxRuntimeConfig,
  overrides: Partial<SessionSettings> = {},
): Promise<Backend> {
  const runtime = await loadRuntime();
  const settings = { ...defaultSettings(config.threads), ...overrides };
  const pool = new BufferPool();
  const store = new TensorStore(NAME, runtime, pool);
  const engine: Engine = { runtime, settings, store, pool };
  return {
    name: NAME,
    description: `onnxruntime ${runtime.api.version}, ${config.providers.join(', ')}, ${settings.threads} ${settings.threads === 1 ? 'thread' : 'threads'}`,
    compile: (graph, options) => compileGraph(engine, graph, options),
    upload: (tensor) => settled(() => store.fromHost(tensor)),
    download: (tensor) => settled(() => toHost(store.own(tensor))),
    release: (tensor) => store.release(store.own(tensor)),
    dispose: () => settled(() => pool.clear()),
  };
}
