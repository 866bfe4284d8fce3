import { BackendError } from '@tether/core';
import { startRunThread } from './runThread.ts';
import { STACK_BYTES } from './stack.ts';
import type { Koffi } from './systemLibrary.ts';

/** A pointer to an object of the runtime. */
export type Handle = bigint;
type Argument = Handle | number | string | null | ArrayBufferView;

const pointer = 'void *';
const text = 'const char *';
/** Paths are wide strings on Windows. */
const path = process.platform === 'win32' ? 'const char16_t *' : text;

/**
 * Functions of the C interface: place in the table of pointers (`OrtApi` in onnxruntime_c_api.h, to which entries are
 * only ever appended) and types of the arguments. All return a status.
 */
const FUNCTIONS = {
  CreateEnv: [3, ['int', text, pointer]],
  CreateSessionFromArray: [8, [pointer, pointer, 'size_t', pointer, pointer]],
  Run: [9, [pointer, pointer, pointer, pointer, 'size_t', pointer, 'size_t', pointer]],
  CreateSessionOptions: [10, [pointer]],
  SetOptimizedModelFilePath: [11, [pointer, path]],
  EnableProfiling: [14, [pointer, path]],
  EnableMemPattern: [16, [pointer]],
  DisableMemPattern: [17, [pointer]],
  EnableCpuMemArena: [18, [pointer]],
  DisableCpuMemArena: [19, [pointer]],
  SetSessionGraphOptimizationLevel: [23, [pointer, 'int']],
  SetIntraOpNumThreads: [24, [pointer, 'int']],
  CreateRunOptions: [39, [pointer]],
  CreateTensorAsOrtValue: [48, [pointer, pointer, 'size_t', 'int', pointer]],
  CreateTensorWithDataAsOrtValue: [49, [pointer, pointer, 'size_t', pointer, 'size_t', 'int', pointer]],
  CreateCpuMemoryInfo: [69, ['int', 'int', pointer]],
  GetAvailableProviders: [125, [pointer, pointer]],
  ReleaseAvailableProviders: [126, [pointer, 'int']],
  AddSessionConfigEntry: [130, [pointer, text, text]],
  CreateAllocator: [131, [pointer, pointer, pointer]],
  CreateAndRegisterAllocator: [144, [pointer, pointer, pointer]],
  CreateArenaCfgV2: [164, [pointer, pointer, 'size_t', pointer]],
  AddRunConfigEntry: [165, [pointer, text, text]],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, [pointer, pointer]],
  CreateCUDAProviderOptions: [205, [pointer]],
  UpdateCUDAProviderOptions: [206, [pointer, pointer, pointer, 'size_t']],
  SessionOptionsAppendExecutionProvider: [216, [pointer, text, pointer, pointer, 'size_t']],
  SessionGetMemoryInfoForInputs: [380, [pointer, pointer, 'size_t']],
  Session_GetEpGraphAssignmentInfo: [407, [pointer, pointer, pointer]],
  EpAssignedSubgraph_GetEpName: [408, [pointer, pointer]],
  EpAssignedSubgraph_GetNodes: [409, [pointer, pointer, pointer]],
  EpAssignedNode_GetOperatorType: [412, [pointer, pointer]],
} as const satisfies Readonly<Record<string, readonly [index: number, types: readonly string[]]>>;
export type FunctionName = keyof typeof FUNCTIONS;

/** Functions that free an object; they return nothing. */
const RELEASES = {
  ReleaseEnv: 92,
  ReleaseStatus: 93,
  ReleaseMemoryInfo: 94,
  ReleaseSession: 95,
  ReleaseValue: 96,
  ReleaseRunOptions: 97,
  ReleaseSessionOptions: 100,
  ReleaseAllocator: 132,
  ReleaseArenaCfg: 157,
  ReleaseCUDAProviderOptions: 208,
} as const;
export type ReleaseName = keyof typeof RELEASES;

const GET_ERROR_MESSAGE = 2;
/** Version of the table that is asked for; newer libraries still serve it. */
const API_VERSION = 26;

export interface CStrings {
  readonly pointers: BigUint64Array;
  readonly owned: readonly Buffer[];
}

/** The C interface of one loaded library. Every failure is a BackendError with the runtime's own message. */
export interface OrtApi {
  readonly version: string;
  call(name: FunctionName, ...args: readonly Argument[]): void;
  callAsync(name: FunctionName, ...args: readonly Argument[]): Promise<void>;
  /** `Run`, on a thread of its own that takes one call after the other. */
  run(...args: readonly Argument[]): Promise<void>;
  /** Calls a function whose last argument receives a new object. */
  create(name: FunctionName, ...args: readonly Argument[]): Handle;
  createAsync(name: FunctionName, ...args: readonly Argument[]): Promise<Handle>;
  release(name: ReleaseName, handle: Handle): void;
  /** Pointers to C strings, which live as long as the result. */
  strings(texts: readonly string[]): CStrings;
  /** The C string at an address. */
  textAt(address: Handle): string;
  /** `count` pointers that lie one after another at an address. */
  pointersAt(address: Handle, count: number): readonly Handle[];
}

/** koffi types its functions loosely; the table above says what each takes. */
interface NativeFunction {
  (...args: readonly Argument[]): unknown;
  async(...args: readonly [...Argument[], (error: Error | null, result: unknown) => void]): void;
}

/** The foreign-function library, loaded only when a native library is really needed. */
async function loadKoffi(): Promise<Koffi> {
  const { default: koffi } = await import('koffi');
  if ((koffi.config().async_stack_size ?? 0) < STACK_BYTES) koffi.config({ async_stack_size: STACK_BYTES });
  return koffi;
}

/** koffi closes a library that is garbage-collected, under the feet of every function taken from it. */
const keptOpen: unknown[] = [];

/** What reads and writes C strings and pointers. */
const memoryAccess = (koffi: Koffi): Pick<OrtApi, 'strings' | 'textAt' | 'pointersAt'> => ({
  strings: (texts) => {
    const owned = texts.map((string) => Buffer.from(`${string}\0`));
    return { pointers: BigUint64Array.from(owned, (string) => koffi.address(string)), owned };
  },
  textAt: (address) => koffi.decode(address, 'char', -1) as string,
  pointersAt: (address, count) =>
    Array.from(
      { length: count },
      (_, index) => koffi.decode(address, index * koffi.sizeof(pointer), pointer) as Handle,
    ),
});

/** Opens the shared library and reads its function table. Throws the loader's error where it cannot be loaded. */
export async function openLibrary(file: string): Promise<OrtApi> {
  const koffi = await loadKoffi();
  const library = koffi.load(file);
  keptOpen.push(library);
  const base = library.func('OrtGetApiBase', pointer, [])() as Handle;
  const addressOf = (table: Handle, index: number): Handle =>
    koffi.decode(table, index * koffi.sizeof(pointer), pointer) as Handle;
  const entry = (table: Handle, index: number, result: string, types: readonly string[]): NativeFunction =>
    koffi.decode(addressOf(table, index), koffi.proto(result, [...types])) as NativeFunction;
  const version = entry(base, 1, text, [])() as string;
  const table = entry(base, 0, pointer, ['uint32_t'])(API_VERSION) as Handle | null;
  if (table === null) throw new Error(`it is version ${version}, which lacks version ${API_VERSION} of its interface`);

  const functions = Object.fromEntries(
    Object.entries(FUNCTIONS).map(([name, [index, types]]) => [name, entry(table, index, pointer, types)]),
  ) as Readonly<Record<FunctionName, NativeFunction>>;
  const releases = Object.fromEntries(
    Object.entries(RELEASES).map(([name, index]) => [name, entry(table, index, 'void', [pointer])]),
  ) as Readonly<Record<ReleaseName, NativeFunction>>;
  const errorMessage = entry(table, GET_ERROR_MESSAGE, text, [pointer]);

  const check = (status: Handle | null): void => {
    if (status === null) return;
    const message = errorMessage(status) as string;
    releases.ReleaseStatus(status);
    throw new BackendError(message);
  };
  /** Arguments of calls under way: their memory must not be collected while another thread reads it. */
  const inFlight = new Set<readonly Argument[]>();
  const holding = async (args: readonly Argument[], call: () => Promise<Handle | null>): Promise<void> => {
    inFlight.add(args);
    try {
      check(await call());
    } finally {
      inFlight.delete(args);
    }
  };
  const callAsync = (name: FunctionName, ...args: readonly Argument[]): Promise<void> =>
    holding(
      args,
      () =>
        new Promise((resolve, reject) => {
          functions[name].async(...args, (error, status) => {
            if (error === null) resolve(status as Handle | null);
            else reject(error);
          });
        }),
    );
  const [runIndex, runTypes] = FUNCTIONS.Run;
  const runThread = startRunThread(addressOf(table, runIndex), runTypes);
  /** Memory goes to the other thread by its address. */
  const addressed = (argument: Argument): Handle | number | null =>
    ArrayBuffer.isView(argument) ? koffi.address(argument) : (argument as Handle | number | null);
  return {
    version,
    call: (name, ...args) => check(functions[name](...args) as Handle | null),
    callAsync,
    run: (...args) => holding(args, () => runThread.call(args.map(addressed))),
    create: (name, ...args) => {
      const result = new BigUint64Array(1);
      check(functions[name](...args, result) as Handle | null);
      return result[0]!;
    },
    createAsync: async (name, ...args) => {
      const result = new BigUint64Array(1);
      await callAsync(name, ...args, result);
      return result[0]!;
    },
    ...memoryAccess(koffi),
    release: (name, handle) => void releases[name](handle),
  };
}
