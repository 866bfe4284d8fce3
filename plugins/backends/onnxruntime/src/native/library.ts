import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openLibrary, type Handle, type OrtApi } from './api.ts';
import { returnFreedBlocks } from './hostAllocator.ts';

/** ONNX Runtime's shared library, under the names of Linux, macOS and Windows; not its provider libraries. */
export const LIBRARY = /^(lib)?onnxruntime(\.[\d.]+)?\.(so|dylib|dll)(\.[\d.]+)?$/;

/**
 * Path of the shared library inside the installed onnxruntime-node package.
 *
 * @throws Error telling what is missing
 */
export function findLibrary(): string {
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('onnxruntime-node/package.json'));
  const folder = join(root, 'bin', 'napi-v6', process.platform, process.arch);
  if (!existsSync(folder)) {
    throw new Error(`onnxruntime-node has no library for ${process.platform} on ${process.arch}`);
  }
  return libraryIn(folder);
}

/** @throws Error when the folder holds no library of ONNX Runtime, or is none */
function libraryIn(folder: string): string {
  const files = readdirSync(folder);
  const file = files.find((name) => LIBRARY.test(name));
  if (file === undefined) throw new Error(`no onnxruntime library in ${folder}`);
  return join(folder, file);
}

/** The runtime's process-wide parts. */
export interface Runtime {
  readonly api: OrtApi;
  readonly environment: Handle;
  /** Describes the host's memory, for tensors over it. */
  readonly hostMemory: Handle;
}

const LOG_ERRORS = 3;
const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;

async function load(folder: string | undefined): Promise<Runtime> {
  const api = await openLibrary(folder === undefined ? findLibrary() : libraryIn(folder));
  await returnFreedBlocks();
  const environment = api.create('CreateEnv', LOG_ERRORS, 'tether');
  shareArena(api, environment);
  return {
    api,
    environment,
    hostMemory: api.create('CreateCpuMemoryInfo', DEVICE_ALLOCATOR, DEFAULT_MEMORY),
  };
}

const ARENA_ALLOCATOR = 1;
/** Grow by what is asked for. The default doubles, and leaves gaps that later results do not fit. */
const ARENA_SETTINGS = { arena_extend_strategy: 1 };

/** One arena for the intermediate results of all sessions: what one has freed, the next one uses. */
function shareArena(api: OrtApi, environment: Handle): void {
  const keys = api.strings(Object.keys(ARENA_SETTINGS));
  const values = BigUint64Array.from(Object.values(ARENA_SETTINGS), BigInt);
  const settings = api.create('CreateArenaCfgV2', keys.pointers, values, values.length);
  const memory = api.create('CreateCpuMemoryInfo', ARENA_ALLOCATOR, DEFAULT_MEMORY);
  api.call('CreateAndRegisterAllocator', environment, memory, settings);
  api.release('ReleaseArenaCfg', settings);
  api.release('ReleaseMemoryInfo', memory);
}

const runtimes = new Map<string, Promise<Runtime>>();

/**
 * Loads the library once per process. Rejects with the loader's error where it cannot be loaded.
 *
 * @param folder of another build of the library; without it, that of the installed onnxruntime-node package
 */
export function loadRuntime(folder?: string): Promise<Runtime> {
  const key = folder ?? '';
  const known = runtimes.get(key);
  if (known !== undefined) return known;
  const loading = load(folder);
  runtimes.set(key, loading);
  return loading;
}
