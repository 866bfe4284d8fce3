import { Lifetime, type Backend } from '@tether/core';
import type { OnnxRuntimeConfig, Provider } from './config.ts';
import { compileGraph, type Engine } from './executable.ts';
import { installedCuda } from './install.ts';
import { loadRuntime } from './native/library.ts';
import { chooseProviders, type Choice } from './providers/choose.ts';
import { defaultSettings, type SessionSettings } from './settings.ts';
import { TensorStore } from './tensor.ts';

export const NAME = 'onnxruntime';

/** The config's, or what was installed for CUDA where that is asked for. */
export const libraryFolder = ({ library, providers }: OnnxRuntimeConfig): string | undefined =>
  library ?? (providers.includes('cuda') ? installedCuda() : undefined);

/** `webgpu, cpu, 2 threads; cuda passed over: …`. */
function describe({ providers, passedOver }: Choice, threads: number): string {
  const used: readonly Provider[] = [...providers, 'cpu'];
  const reasons = passedOver.map(({ provider, reason }) => `; ${provider} passed over: ${reason}`).join('');
  return `${used.join(', ')}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${reasons}`;
}

/** @throws BackendError where none of the asked providers can be had */
export async function createBackend(config: OnnxRuntimeConfig): Promise<Backend> {
  const runtime = await loadRuntime(libraryFolder(config));
  const settingsOf = (providers: SessionSettings['providers']): SessionSettings => ({
    ...defaultSettings(config.threads, providers),
    ...(config.profile !== undefined && { profile: config.profile }),
  });
  const choice = await chooseProviders(runtime, config, settingsOf);
  const { memory, providers } = choice;
  const settings = settingsOf(providers);
  const store = new TensorStore(NAME, memory);
  const lifetime = new Lifetime(`backend ${NAME}`, () => {
    store.releaseAll();
    return memory.dispose();
  });
  const engine: Engine = { runtime, settings, store, memory, lifetime };
  return {
    name: NAME,
    description: `onnxruntime ${runtime.api.version}, ${describe(choice, settings.threads)}`,
    compile: (graph, options) => lifetime.during(() => compileGraph(engine, graph, options)),
    upload: (tensor) => lifetime.during(() => store.fromHost(tensor)),
    download: (tensor) => lifetime.during(() => store.toHost(store.own(tensor))),
    release: (tensor) => store.release(store.own(tensor)),
    dispose: () => lifetime.end(),
  };
}
