import { BackendError, messageOf } from '@tether/core';
import { PjrtApi } from './api.ts';
import { faultOfLibrary } from './elf.ts';
import { loadKoffi, NULL, type Koffi, type Pointer } from './memory.ts';

const opened = new Map<string, Promise<PjrtApi>>();

/**
 * Loads a plugin library, once per process, and reads its table of functions.
 *
 * @throws BackendError telling what is wrong with the file
 */
export function openLibrary(path: string): Promise<PjrtApi> {
  const known = opened.get(path);
  if (known !== undefined) return known;
  const api = open(path);
  opened.set(path, api);
  api.catch(() => opened.delete(path));
  return api;
}

async function open(path: string): Promise<PjrtApi> {
  const fail = (reason: string): BackendError => new BackendError(`${path}: ${reason}`);
  const fault = faultOfLibrary(path);
  if (fault !== undefined) throw fail(fault);
  const koffi = await loadKoffi();
  try {
    const library = koffi.load(path);
    pin(koffi, path);
    const api = new PjrtApi(koffi, tableOf(library));
    api.call('Plugin_Initialize', {});
    return api;
  } catch (error) {
    throw fail(messageOf(error));
  }
}

/** RTLD_NOW | RTLD_NODELETE of each system's dlfcn.h. */
const NEVER_UNLOAD: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 0x1002, darwin: 0x82 };

/**
 * Keeps the library in memory until the process has ended. koffi unloads libraries when Node goes down, and then the
 * threads of the plugin run code that is no longer there.
 */
function pin(koffi: Koffi, path: string): void {
  const flags = NEVER_UNLOAD[process.platform];
  if (flags !== undefined) koffi.load(null).func('dlopen', 'void *', ['const char *', 'int'])(path, flags);
}

function tableOf(library: { func(name: string, result: string, args: string[]): unknown }): Pointer {
  let entry: () => Pointer | null;
  try {
    entry = library.func('GetPjrtApi', 'void *', []) as () => Pointer | null;
  } catch {
    throw new BackendError('it has no function GetPjrtApi, so it is not a PJRT plugin');
  }
  const table = entry();
  if (table === null || table === NULL) throw new BackendError('GetPjrtApi gave no table of functions');
  return table;
}
