import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@tether/core';
import { cacheFolder } from '@tether/wheels';
import type { TfjsConfig } from '../config.ts';
import {
  EngineUnavailable,
  kernelsOf,
  type Engine,
  type NativeAttribute,
  type NativeOperation,
  type Tfjs,
} from './engine.ts';
import { activator, loadCore } from './portable.ts';

/** The package of each engine. Both register themselves as the backend `tensorflow`, so a process loads one of them. */
export const NATIVE_PACKAGES = { 'node-gpu': '@tensorflow/tfjs-node-gpu', node: '@tensorflow/tfjs-node' } as const;
type NativeName = keyof typeof NATIVE_PACKAGES;

const TF_BACKEND = 'tensorflow';
const BUILD_TOOL = 'npm run tfjs-native';
const BUILDS: Readonly<Record<NativeName, string>> = { 'node-gpu': `${BUILD_TOOL} -- --gpu`, node: BUILD_TOOL };

/** Where the build tool puts a package that it installs itself. */
export const nativeModulesFolder = (): string => cacheFolder('tfjs-native');

/** The parts of tfjs-node's backend that are used besides its kernels. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_TYPE: number;
  };
  getDTypeInteger(dtype: string): number;
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly unknown[]): unknown;
}

/** Functions that tfjs-node calls: Node 23 dropped the first and warns of the second. */
function restoreUtilities(require: NodeJS.Require): void {
  const util = require('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] = Array.isArray;
}

function locate(packageName: string, { modules }: TfjsConfig): string | undefined {
  const folders = [
    ...(modules === undefined ? [] : [modules]),
    import.meta.dirname,
    process.cwd(),
    nativeModulesFolder(),
  ];
  for (const folder of folders) {
    const require = createRequire(join(folder, 'anchor.js'));
    try {
      return require.resolve(`${packageName}/package.json`);
    } catch {
      // not there: the next folder may have it
    }
  }
  return undefined;
}

function loadPackage(name: NativeName, config: TfjsConfig): Tfjs {
  const packageName = NATIVE_PACKAGES[name];
  const manifest = locate(packageName, config);
  if (manifest === undefined) {
    throw new EngineUnavailable(
      `${packageName} is not installed: "npm install ${packageName}@4.22.0", or "${BUILDS[name]}" in Tether's workspace`,
    );
  }
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // errors only: the rest is about how TensorFlow was built
  if (config.threads > 0) {
    process.env['TF_NUM_INTRAOP_THREADS'] = String(config.threads);
    process.env['OMP_NUM_THREADS'] = String(config.threads);
  }
  const require = createRequire(manifest);
  restoreUtilities(require);
  const binding = join(manifest, '..', 'lib', 'napi-v8', 'tfjs_binding.node');
  if (!existsSync(binding)) {
    throw new EngineUnavailable(`${packageName} has no native binding at ${binding}: build it with "${BUILDS[name]}"`);
  }
  try {
    return require(packageName) as Tfjs; // it exports all of tfjs-core
  } catch (error) {
    throw new EngineUnavailable(`${packageName} cannot be loaded: ${messageOf(error).split('\n')[0]!}`, {
      cause: error,
    });
  }
}

const nativeOperation = (backend: NodeBackend): NativeOperation => {
  const { TF_ATTR_BOOL, TF_ATTR_TYPE } = backend.binding;
  const attribute = ({ name, value }: NativeAttribute): object =>
    typeof value === 'boolean'
      ? { name, type: TF_ATTR_BOOL, value }
      : { name, type: TF_ATTR_TYPE, value: backend.getDTypeInteger(value) };
  return (name, inputs, attributes) =>
    backend.executeSingleOutput(name, attributes.map(attribute), inputs) as ReturnType<NativeOperation>;
};

/**
 * tfjs-node keeps an array until the first operation that reads it, and the garbage collector longer; an operation that
 * does nothing moves the elements to TensorFlow at once. Reading gives a copy.
 */
const transfers = (tf: Tfjs, native: NativeOperation): Pick<Engine, 'upload' | 'download'> => ({
  upload: (data, shape, dtype) =>
    tf.tidy(() => native('Identity', [tf.engine().makeTensor(data, [...shape], dtype)], [{ name: 'T', value: dtype }])),
  download: (value) => value.dataSync(),
});

/** @throws EngineUnavailable */
export async function loadNative(name: NativeName, config: TfjsConfig): Promise<Engine> {
  const core = loadCore();
  // Without a GPU, tfjs-node-gpu computes on the CPU like tfjs-node, which can no longer be loaded beside it.
  const tf = TF_BACKEND in core.engine().registryFactory ? core : loadPackage(name, config);
  if (!(await tf.setBackend(TF_BACKEND))) throw new EngineUnavailable('TensorFlow does not start');
  const backend = tf.backend() as unknown as NodeBackend; // tfjs-node registered it
  if (name === 'node-gpu' && !backend.isUsingGpuDevice) throw new EngineUnavailable('TensorFlow finds no GPU');
  if (name === 'node' && backend.isUsingGpuDevice) throw new EngineUnavailable('this process has TensorFlow on a GPU');
  const native = nativeOperation(backend);
  const threads = Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? availableParallelism());
  const where = name === 'node-gpu' ? 'GPU' : `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return {
    name,
    tf,
    kernel: kernelsOf(tf),
    native,
    ...transfers(tf, native),
    description: `tfjs ${tf.version_core}, ${name} (TensorFlow ${backend.binding.TF_Version}), ${where}`,
    activate: activator(tf, TF_BACKEND),
  };
}
