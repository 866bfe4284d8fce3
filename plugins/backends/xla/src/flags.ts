import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DeviceKind, XlaConfig } from './config.ts';
import type { XlaFlags } from './options.ts';

/** 16-bit floats are rounded after every operation. */
const EVERYWHERE: XlaFlags = { xla_allow_excess_precision: false };

/** The larger of a number and NaN is NaN. One operation after the other, each on all threads, needs less memory at once. */
const CPU: XlaFlags = {
  ...EVERYWHERE,
  xla_cpu_enable_fast_min_max: false,
  xla_cpu_enable_concurrency_optimized_scheduler: false,
};

/** The devices of a processor share its cores, so that one may wait for the others through many slow operations. */
const MANY_CPUS: XlaFlags = {
  ...CPU,
  xla_cpu_collective_call_terminate_timeout_seconds: 3600,
};

/** Sums of scattered rows in an order that is the same in every run. */
const GPU: XlaFlags = { ...EVERYWHERE, xla_gpu_deterministic_ops: true };

const FLAGS: Readonly<Record<DeviceKind, XlaFlags>> = {
  cpu: CPU,
  cuda: GPU,
  rocm: GPU,
  oneapi: EVERYWHERE,
  tpu: EVERYWHERE,
};

/** What NVIDIA's packages put beside the plugin's, by version of CUDA. */
const CUDA_FOLDERS = ['cu13', 'cuda_nvcc'] as const;

/** Where the compiler finds CUDA's device code, when it came from Python packages as the plugin did. */
function cudaData(library: string): XlaFlags {
  const packages = dirname(dirname(dirname(library)));
  const folder = CUDA_FOLDERS.map((name) => join(packages, 'nvidia', name)).find((path) => existsSync(path));
  return folder === undefined ? {} : { xla_gpu_cuda_data_dir: folder };
}

/** @param library path of the plugin */
export function defaultFlags({ device, devices }: Pick<XlaConfig, 'device' | 'devices'>, library: string): XlaFlags {
  if (device === 'cpu' && devices > 1) return MANY_CPUS;
  return device === 'cuda' ? { ...FLAGS.cuda, ...cudaData(library) } : FLAGS[device];
}

const UNKNOWN_FLAG = /No such compile option: '(\w+)'/;

/** Compiler flags of one backend: its own, which a plugin of another version may not know, and the user's. */
export class CompilerFlags {
  #own: XlaFlags;
  readonly #given: XlaFlags;
  readonly #warn: (message: string) => void;

  constructor(own: XlaFlags, given: XlaFlags, warn: (message: string) => void) {
    this.#own = own;
    this.#given = given;
    this.#warn = warn;
  }

  /** Compiles with all flags; with those of its own that the plugin knows, where it refuses one. */
  async settle<T>(compile: (flags: XlaFlags) => Promise<T>): Promise<T> {
    try {
      return await compile({ ...this.#own, ...this.#given });
    } catch (error) {
      const [, unknown] = UNKNOWN_FLAG.exec(error instanceof Error ? error.message : '') ?? [];
      if (unknown === undefined || !(unknown in this.#own) || unknown in this.#given) throw error;
      this.#warn(`this plugin has no flag ${unknown}, which is left out`);
      this.#own = Object.fromEntries(Object.entries(this.#own).filter(([name]) => name !== unknown));
      return this.settle(compile);
    }
  }
}
