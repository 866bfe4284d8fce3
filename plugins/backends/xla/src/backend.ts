import { statSync } from 'node:fs';
import { Lifetime, type Backend } from '@tether/core';
import type { XlaConfig } from './config.ts';
import { connect } from './connect.ts';
import { compileGraph, type Engine, type XlaExecutable } from './executable.ts';
import { programFolder } from './find/folders.ts';
import { CompilerFlags, defaultFlags } from './flags.ts';
import { ProgramCache } from './programCache.ts';
import { TensorStore } from './tensor.ts';

export const NAME = 'xla';

/** What the XLA backend offers beyond the contract. */
export interface XlaBackend extends Backend {
  compile(...args: Parameters<Backend['compile']>): Promise<XlaExecutable>;
  /** Bytes that the live tensors of this backend hold on each device. */
  bytesPerDevice(): readonly number[];
  /** Buffers and events of the native library that exist now, of all backends of the process on the same client. */
  liveObjects(): { readonly buffers: number; readonly events: number };
}

const warn = (message: string): void => process.emitWarning(message, 'TetherXlaWarning');

export async function createBackend(config: XlaConfig): Promise<XlaBackend> {
  const connection = await connect(config);
  const { client, turns, library } = connection;
  const store = new TensorStore(NAME, client, config.devices);
  const folder = config.cache ?? programFolder();
  const { size, mtimeMs } = statSync(library.path);
  const lifetime = new Lifetime(`backend ${NAME}`, () => {
    store.releaseAll();
    return connection.close();
  });
  const engine: Engine = {
    client,
    store,
    partition: { devices: config.devices, state: config.state },
    compute: config.compute,
    turns,
    lifetime,
    flags: new CompilerFlags(defaultFlags(config, library.path), config.flags, warn),
    cache:
      folder === false
        ? undefined
        : new ProgramCache(folder, client, JSON.stringify([connection.machine, size, mtimeMs]), warn),
  };
  return {
    name: NAME,
    description: connection.description,
    compile: (graph, options) => lifetime.during(() => compileGraph(engine, graph, options)),
    upload: (tensor) => lifetime.during(() => store.fromHost(tensor)),
    download: (tensor) => lifetime.during(() => store.toHost(store.own(tensor))),
    release: (tensor) => store.release(store.own(tensor)),
    bytesPerDevice: () => store.bytesPerDevice(),
    liveObjects: () => ({ ...client.live }),
    dispose: () => lifetime.end(),
  };
}
